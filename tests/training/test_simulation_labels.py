"""The default label definition finds what the simulation hid."""

import pandas as pd

from riskmodel.cohort import read_cohort
from riskmodel.criteria import label
from riskmodel.training.simulation import simulate


def test_default_labels_agree_with_the_latent_onset(tmp_path):
    simulate(tmp_path / "cohort", patients=1200, seed=33)
    cohort = read_cohort(tmp_path / "cohort")
    assert len(cohort) == 1200
    assert cohort.rejected.empty
    found = label(cohort).set_index("patient_id")
    truth = pd.read_csv(tmp_path / "cohort" / "truth.csv").set_index("patient_id")
    found = found.reindex(truth.index)
    event, never = truth["event"] == 1, truth["onset_hours"].isna()
    assert (found["outcome"][event] == "event").mean() > 0.85
    assert (found["outcome"][~event] == "event").mean() < 0.02
    assert (found["outcome"][never] == "not_assessed").mean() < 0.05
    late = (found["onset_hours"] - truth["onset_hours"])[event] / 24
    assert abs(late.median()) < 0.5
