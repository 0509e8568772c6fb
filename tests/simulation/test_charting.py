"""Results as centres write them, and as the reader takes them."""

import numpy as np
import pytest

from riskmodel.cohort import read_cohort
from riskmodel.simulation import simulate
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
