"""Who is at risk at a landmark, what counts as the event, and what each row weighs."""

from pathlib import Path

import numpy as np
import pytest

from riskmodel.cohort import Cohort, read_cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation.rows import Examples
from riskmodel.features import load_catalogue
from riskmodel.training import load_design
from riskmodel.training.design import Design
from riskmodel.training.rows import training_examples

# patient, its event and hour, and what must come of it at day 2 and before infusion
COURSES = (
    ("early", "iec_hs", 40.0),
    ("onset_at_landmark", "iec_hs", 48.0),
    ("onset_after", "iec_hs", 48.1),
    ("onset_at_horizon", "iec_hs", 336.0),
    ("last_moment", "iec_hs", 335.9),
    ("died_before", "death", 47.0),
    ("died_after", "death", 100.0),
    ("transplanted", "transplant", 90.0),
    ("lost_before", "last_follow_up", 30.0),
    ("lost_after", "last_follow_up", 200.0),
    ("relapsed", "relapse", 60.0),
)


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    """One patient per course; all but the lost and the dead are followed to day 60."""
    ids = [name for name, _, _ in COURSES]
    (tmp_path / "patients.csv").write_text(
        "patient_id,disease\n" + "".join(f"{p},LBCL\n" for p in ids)
    )
    (tmp_path / "labs.csv").write_text(
        "patient_id,hours_from_infusion,analyte,value,unit\n"
        + "".join(f"{p},-10,ferritin,500,ng/mL\n" for p in ids)
    )
    events = "".join(f"{p},{e},{t}\n" for p, e, t in COURSES)
    followed = [p for p, e, _ in COURSES if e not in ("death", "last_follow_up")]
    events += "".join(f"{p},last_follow_up,1440\n" for p in followed)
    (tmp_path / "events.csv").write_text("patient_id,event,hours_from_infusion\n" + events)
    return read_cohort(tmp_path)


@pytest.fixture
def design() -> Design:

    return load_design("quick").model_copy(update={"landmark_days": (2,)})


def found(examples: Examples, cohort: Cohort) -> dict[str, int]:
    names = cohort.patient_id[examples.patient]
    return dict(zip(names, examples.y.tolist(), strict=True))


def test_before_infusion_every_known_outcome_counts(cohort, design):
    catalogue = load_catalogue().stage("pre_infusion")
    examples = training_examples(
        cohort, "pre_infusion", labels="adjudicated", design=design, catalogue=catalogue
    )
    rows = found(examples, cohort)
    events = {name for name, y in rows.items() if y}
    assert events == {"early", "onset_at_landmark", "onset_after", "last_moment"}
    assert set(rows) == {name for name, _, _ in COURSES} - {"lost_before", "lost_after"}


def test_at_a_landmark_only_patients_at_risk_count(cohort, design):
    examples = training_examples(
        cohort, "early", labels="adjudicated", design=design, catalogue=load_catalogue()
    )
    rows = found(examples, cohort)
    gone = {"early", "onset_at_landmark", "died_before", "lost_before", "lost_after"}
    assert set(rows) == {name for name, _, _ in COURSES} - gone
    assert {name for name, y in rows.items() if y} == {"onset_after", "last_moment"}
    lead = dict(zip(cohort.patient_id[examples.patient], examples.lead, strict=True))
    assert lead["onset_after"] == pytest.approx(0.1)
    assert np.isnan(lead["relapsed"])


def test_the_lost_pass_their_weight_to_those_who_outlast_them(cohort, design):
    examples = training_examples(
        cohort, "early", labels="adjudicated", design=design, catalogue=load_catalogue()
    )
    weight = dict(zip(cohort.patient_id[examples.patient], examples.weight, strict=True))
    assert weight["onset_after"] == weight["died_after"] == 1
    assert weight["last_moment"] == weight["relapsed"] > 1


def test_a_patients_rows_share_its_weight(simulated, tiny_design):
    cohort = read_cohort(simulated)
    plan = load_design(tiny_design)
    examples = training_examples(
        cohort, "early", labels="rules", design=plan, catalogue=load_catalogue()
    )
    # A gap that hides an onset gives a row for either side of the horizon, their parts sum to 1.
    rows = np.bincount(examples.patient, weights=examples.part)
    total = np.bincount(examples.patient, weights=examples.weight)
    assert rows.max() == pytest.approx(2)
    assert (total <= 10).all()
    both = examples.patient[0]
    single = examples.weight[examples.patient == both]
    assert single.sum() < 1.2


def test_an_autoimmune_cohort_is_refused_for_what_it_is(cohort, design):
    cohort.patients["disease"] = "SLE"
    with pytest.raises(SchemaError, match=r"All 11 patients .* autoimmune indication"):
        training_examples(
            cohort, "pre_infusion", labels="adjudicated", design=design, catalogue=load_catalogue()
        )


def test_only_events_is_refused_too(cohort, design):
    with pytest.raises(SchemaError, match="no patient without the event"):
        training_examples(
            cohort.take(np.array([0, 2])),
            "pre_infusion",
            labels="adjudicated",
            design=design,
            catalogue=load_catalogue(),
        )


def test_without_events_training_is_refused_with_the_counts(cohort, design):
    kept = cohort.take(np.array([6, 7, 10]))
    with pytest.raises(SchemaError, match=r"no event to train on .* competing 2"):
        training_examples(
            kept, "pre_infusion", labels="adjudicated", design=design, catalogue=load_catalogue()
        )
