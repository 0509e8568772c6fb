from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from riskmodel.cohort import Cohort
from riskmodel.criteria import CYTOPENIA_RULES, OUTCOMES, definition_names, label
from riskmodel.criteria.compare import SWITCHED, Comparison, cohen_kappa, compare

Build = Callable[..., Cohort]
LINES = [
    "{onset}; last_follow_up@400",
    "{normal}; last_follow_up@400",
    "{normal}; death@100",
    "{normal}; last_follow_up@400",
    "ferritin@24=500",
    "",
]
LABELS = arrays(np.int64, st.shared(st.integers(1, 30), key="n"), elements=st.integers(0, 1))


@pytest.fixture
def found(cohort_of: Build) -> Comparison:
    return compare(cohort_of(LINES))


def test_every_definition_and_every_switch_is_a_row(found: Comparison) -> None:
    switched = {f"{SWITCHED}/{rule}" for rule in CYTOPENIA_RULES}
    told = {f"astct-{year}/{rule}" for year in (2023, 2024) for rule in ("off", "strict")}
    assert set(found.names) == switched | told | (set(definition_names()) - {SWITCHED})
    assert found.names[0] == f"{SWITCHED}/worsening"
    assert found.summary["name"].tolist() == list(found.names)
    rows = found.summary[found.summary["definition"] == SWITCHED]
    assert set(rows["cytopenia_rule"]) == set(CYTOPENIA_RULES)


def test_the_adjudicated_label_is_a_row_where_there_is_one(cohort_of: Build) -> None:
    assert compare(cohort_of([*LINES, "iec_hs@30"])).names[-1] == "adjudicated"


def test_outcomes_add_up_and_are_those_of_the_labels(found: Comparison, cohort_of: Build) -> None:
    columns = ["events_in_horizon", *OUTCOMES[1:]]
    assert (found.summary[columns].sum(axis=1) == len(LINES)).all()
    assert (found.summary["events"] >= found.summary["events_in_horizon"]).all()
    own = label(cohort_of(LINES))
    row = found.summary.iloc[0]
    assert row["events_in_horizon"] == (own["outcome"] == "event").sum() == 1
    assert row["median_onset_day"] == row["median_onset_day_in_horizon"] == 1.0
    assert len(found.labels) == len(LINES) * len(found.names)


def test_an_onset_at_the_horizon_is_an_event_only_where_it_is_included(cohort_of: Build) -> None:
    low = "cytopenia_anc@336; cytopenia_platelets@336; last_follow_up@400"
    cohort = cohort_of([f"{{normal}}; ferritin@336=20000; fibrinogen@336=100; {low}"])
    left, both = (compare(cohort, closed=closed).summary.iloc[0] for closed in ("left", "both"))
    assert (left["events"], left["events_in_horizon"]) == (1, 0)
    assert (both["events"], both["events_in_horizon"]) == (1, 1)
    assert np.isnan(left["median_onset_day_in_horizon"])


def test_agreement_is_over_patients_assessed_by_both(found: Comparison) -> None:
    wide = found.labels.pivot(index="patient_id", columns="name", values="outcome")
    for row in found.agreement.itertuples():
        both = wide[[row.first, row.second]].isin(["event", "no_event"]).all(axis=1)
        one, two = (wide.loc[both, name] == "event" for name in (row.first, row.second))
        assert row.n == both.sum()
        assert (row.both_event, row.first_only) == ((one & two).sum(), (one & ~two).sum())
        assert row.both_event + row.first_only + row.second_only + row.neither == row.n
    pairs = len(found.names) * (len(found.names) - 1) / 2
    assert len(found.agreement) == pairs


def test_the_table_holds_each_pair_twice_and_none_with_itself(found: Comparison) -> None:
    table = found.table().set_index("name")
    kappa = table[[f"kappa_{name}" for name in found.names]].to_numpy(dtype=np.float64)
    np.testing.assert_array_equal(kappa, kappa.T)
    assert np.isnan(np.diag(kappa)).all()
    n = table[[f"n_{name}" for name in found.names]]
    assert n.iloc[0].isna().tolist() == [True] + [False] * (len(found.names) - 1)
    assert (n.dtypes == "Int64").all()


def test_the_text_names_the_horizon_and_every_row(found: Comparison, cohort_of: Build) -> None:
    text = found.text()
    assert text.startswith("6 patients; onset before day 14.")
    assert all(name in text for name in found.names)
    assert (
        "up to and including day 7"
        in compare(cohort_of(LINES), horizon_days=7, closed="both").text()
    )


def test_it_says_what_telling_crs_apart_changes(cohort_of: Build) -> None:
    crs = "crs@20#4; ferritin@20=9000; cytopenia_anc@24; cytopenia_platelets@24"
    over = f"{crs}; ferritin@24=20000; ferritin@48=900; fibrinogen@24=100; last_follow_up@400"
    stays = f"{crs}; ferritin@24:312:24=20000; fibrinogen@24:312:24=100; last_follow_up@400"
    text = compare(cohort_of([over, stays, *LINES])).text()
    assert (
        "astct-2024, require_new_after_crs prefer against the letter (off): 1 of 3 events in the "
        "horizon no longer count, 1 begin later, by 240 h in the median."
    ) in text
    assert "astct-2023, require_new_after_crs strict against" in text


@given(LABELS, LABELS)
def test_kappa_is_that_of_its_definition(one: np.ndarray, two: np.ndarray) -> None:
    found = cohen_kappa(one, two)
    observed = (one == two).mean()
    chance = one.mean() * two.mean() + (1 - one.mean()) * (1 - two.mean())
    if chance == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx((observed - chance) / (1 - chance), abs=1e-12)
        assert found == pytest.approx(cohen_kappa(two, one), abs=1e-12)


def test_kappa_without_patients_is_undefined() -> None:
    nobody = np.array([], dtype=np.int64)
    assert np.isnan(cohen_kappa(nobody, nobody))
