"""Monitoring end to end: quiet in the same world, an alarm in another, refusals in one sentence."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from riskmodel.cli import app
from riskmodel.cohort import read_cohort
from riskmodel.criteria import label
from riskmodel.errors import SchemaError
from riskmodel.monitoring.monitor import MISSING, UNLIKE, monitor, read_reference
from riskmodel.monitoring.page import monitor_text
from riskmodel.training import simulate


def test_another_centre_raises_the_alarm(shifted, model, reference):
    found = monitor(shifted, model, reference)
    alarms = [s.alarm_after for s in found.streams if s.alarm_after is not None]
    assert alarms
    assert min(alarms) < 100
    assert "ALARM" in monitor_text(found)


def test_the_same_world_stays_quiet(pool, model, reference):
    for start in (300, 400, 500, 600):
        found = monitor(pool.take(np.arange(start, start + 100)), model, reference)
        assert not [s.name for s in found.streams if s.alarm_after is not None]
    assert "No alarm" in monitor_text(found)
    assert "False-alarm rate of inputs and scores together: 5% over 200 patients" in monitor_text(
        found
    )


def test_outcomes_that_are_not_known_are_counted(shifted, model, reference):
    found = monitor(shifted, model, reference)
    counted = found.calibration.patients + sum(found.left_out.values())
    assert counted == found.patients == len(shifted)


def test_events_are_not_kept_while_outpatients_without_one_are_dropped(tmp_path, model, reference):
    # Same patients, and outcomes that the letter of no_event cannot tell in most of them.
    simulate(tmp_path / "outpatients", patients=150, seed=23, sampling="outpatient")
    cohort = read_cohort(tmp_path / "outpatients")
    letter = label(cohort, model.definition, horizon_days=model.horizon_days)["outcome"]
    assert (letter == "not_assessed").mean() > 0.5
    found = monitor(cohort, model, reference)
    events = int((letter == "event").sum())
    assert found.calibration.patients > 0.9 * found.patients
    assert events <= found.calibration.events <= events + 5  # found after the horizon, in a gap
    assert found.calibration.alarm_after is None


def test_patients_are_taken_in_the_order_of_their_infusions(shifted, model, reference):
    from dataclasses import replace

    times = pd.Series(pd.date_range("2026-01-01", periods=len(shifted), freq="D")[::-1])
    dated = replace(shifted, patients=shifted.patients.assign(infusion_time=times))
    backwards = shifted.take(np.arange(len(shifted))[::-1].copy())
    found, expected = monitor(dated, model, reference), monitor(backwards, model, reference)
    assert found.ordered_by_time
    assert not expected.ordered_by_time
    np.testing.assert_array_equal(found.streams[0].up, expected.streams[0].up)


def test_a_reference_without_contributions_watches_risk_and_missing_only(pool, model, reference):
    plain = reference.loc[:, [c for c in reference if not c.startswith("contribution_")]]
    found = monitor(pool.take(np.arange(300, 330)), model, plain)
    assert [s.name for s in found.streams][1] == MISSING
    assert len(found.streams) == 4
    assert "--explain" in monitor_text(found)


def test_one_patient_of_an_unknown_product_is_no_alarm_and_three_in_a_row_are(
    pool, model, reference
):
    from dataclasses import replace

    few = pool.take(np.arange(300, 340))
    for count, expected in ((1, None), (3, "alarm")):
        target = few.patients["target_antigen"].copy()
        target.iloc[10 : 10 + count] = "GPRC5D"
        found = monitor(
            replace(few, patients=few.patients.assign(target_antigen=target)), model, reference
        )
        (unlike,) = [s for s in found.streams if s.name == UNLIKE]
        assert (unlike.alarm_after is None) == (expected is None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.assign(model_name="other"), "holds scores of other, not of"),
        (lambda r: r.head(10), "holds 10 scored patients. At least 100"),
        (lambda r: pd.concat([r, r.assign(prediction_time_hours=24.0)]), "2 prediction times"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused(change, said, shifted, model, reference):
    with pytest.raises(SchemaError, match=said):
        monitor(shifted, model, change(reference))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "do not exist"),
        (b"\x00\xff\x00not a table", "cannot be read|have no column"),
        (b"a,b\n1,2\n", "have no column prediction_time_hours"),
        (b"", "cannot be read"),
    ],
)
def test_a_file_that_is_no_scores_is_one_sentence(content, said, tmp_path):
    path = tmp_path / "scores.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SchemaError, match=said):
        read_reference(path)


def test_the_command(simulated, model_folders, tmp_path):
    run = CliRunner().invoke
    scores = tmp_path / "scores.csv"
    model = str(model_folders["pre_infusion"])
    done = run(
        app,
        ["score", str(simulated), "--model", model, "--at", "pre-infusion", "--explain",
         "--out", str(scores)],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    given = ["monitor", str(simulated), "--model", model, "--reference", str(scores)]
    done = run(app, [*given, "--out", str(tmp_path / "found.csv"), "--strict"])
    assert done.exit_code == 0, done.output
    assert "No alarm." in done.output
    table = pd.read_csv(tmp_path / "found.csv")
    assert {"watched", "limit", "alarm_after_patient"} <= set(table)
    assert run(app, [*given, "--out", str(tmp_path / "found.txt")]).exit_code == 2
