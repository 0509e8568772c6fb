"""Results as centres write them, and as the reader takes them."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort import read_cohort
from riskmodel.cohort.units import resolve
from riskmodel.simulation import simulate
from riskmodel.simulation.charting import COLUMNS, _numerals, chart_labs
from riskmodel.simulation.settings import settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("charted") / "cohort"
    simulate(out, patients=500, seed=4, products=["CD22"])
    return out


def test_the_reader_takes_every_capped_result_as_a_bound(folder):
    """`>40000` in the value, and a comparator beside it, both become the limit with its sign."""
    cohort = read_cohort(folder)
    assert cohort.rejected.empty
    text = (folder / "labs.csv").read_text()
    assert ",ferritin,>40000,," in text
    assert ",ferritin,40000,>," in text
    labs = cohort.labs
    over = labs[(labs["comparator"] > 0).to_numpy()]
    limits = settings("literature").charting["upper_limit"]
    assert set(over["analyte"]) >= {"ferritin", "ldh", "crp"}
    for analyte, part in over.groupby("analyte", observed=True):
        allowed = [limit for limit in limits[analyte] if limit]
        assert np.isclose(part["value"].to_numpy()[:, None], allowed, rtol=1e-3).any(axis=1).all()


def test_no_result_of_a_centre_lies_beyond_its_limit(folder):
    cohort = read_cohort(folder)
    centre = cohort.patients["center_id"].to_numpy()[cohort.labs["patient"].to_numpy()]
    labs = cohort.labs
    capped = labs["comparator"].to_numpy() > 0
    for analyte in settings("literature").charting["upper_limit"]:
        mine = (labs["analyte"] == analyte).to_numpy()
        for name in set(centre[mine & capped]):
            here = labs["value"].to_numpy()[mine & (centre == name)]
            assert here.max() <= labs["value"].to_numpy()[mine & capped & (centre == name)].max()


@pytest.fixture(scope="module")
def labs(stages):
    """The labs table, with the index of each row's patient."""
    results = list(stages.results.values())
    table = chart_labs(stages.settings, stages.patients, stages.draws, results, stages.ids)
    return table.assign(patient=table["patient_id"].str[1:].astype(int))


def test_lab_columns_and_values_follow_the_contract(cohort, read):
    labs = read(cohort.labs)
    assert list(labs.columns) == [
        "patient_id",
        "hours_from_infusion",
        "analyte",
        "value",
        "comparator",
        "unit",
        "reference_low",
        "reference_high",
    ]
    assert labs["value"].map(lambda v: bool(re.fullmatch(r"[<>]?\d+(\.\d+)?", v))).all()
    assert set(labs["comparator"]) == {"", "<", ">"}
    assert set(labs["patient_id"]) == set(cohort.patients["patient_id"])
    assert 150 <= len(labs) / len(cohort.patients) <= 300
    assert (labs["unit"] != "").all()
    assert not labs.duplicated(["patient_id", "hours_from_infusion", "analyte"]).any()


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=9), decimals=st.integers(0, 3))
def test_numbers_are_written_with_their_decimals(values, decimals):
    written = _numerals(np.array(values), decimals)
    for text, value in zip(written, values, strict=True):
        assert len(text.partition(".")[2]) == decimals
        assert abs(float(text) - value) <= 0.5 * 10**-decimals + 1e-9 * value


def test_rows_stand_in_the_order_of_patient_and_time(labs):
    order = labs.sort_values(["patient", "hours_from_infusion"], kind="stable")
    assert order.index.tolist() == labs.index.tolist()
    assert list(labs.columns) == [*COLUMNS, "patient"]


def test_charted_results_read_back_are_those_that_were_drawn(stages, labs):
    """Every style of every centre: its unit, factor and decimals belong together."""
    for name, result in stages.results.items():
        rows = labs[labs["analyte"] == name]
        drawn = pd.DataFrame(
            {
                "patient": stages.draws.patient[result.draw],
                "hours_from_infusion": np.round(stages.draws.day[result.draw] * 24, 1),
                "drawn": result.value,
            }
        )
        both = rows.merge(drawn, on=["patient", "hours_from_infusion"], validate="one_to_one")
        assert len(both) == len(rows) == len(drawn)
        plain = both[both["value"].str.fullmatch(r"[\d.]+") & (both["comparator"] == "")]
        for unit, part in plain.groupby("unit"):
            factor = resolve(name, "", unit).factor
            places = part["value"].str.partition(".")[2].str.len().max()
            digit = 0.5 * 10.0**-places
            read = part["value"].astype(float)
            written = part["drawn"].clip(lower=0) / factor
            # Centres convert by a factor of four digits.
            assert (np.abs(read - written) <= digit + 1e-3 * written).all(), (name, unit)


def test_each_centre_writes_its_signs_in_one_way(stages, labs):
    inside = labs["value"].str.contains(re.compile("[<>]")).to_numpy()
    center = stages.patients.center[labs["patient"]]
    assert set(np.unique(center[inside]) % 2) == {1}
    assert (labs["comparator"].to_numpy()[center % 2 == 1] == "").all()
