"""What a catalogue knows before any patient."""

import numpy as np
import pandas as pd
import pytest

from riskmodel.errors import SchemaError
from riskmodel.features import load_catalogue
from riskmodel.models import RiskClassifier, check_sources, priors


def test_evidence_of_an_excluded_source_is_dropped_and_directions_stay():
    catalogue = load_catalogue().stage("pre_infusion")
    everything, rest = priors(catalogue), priors(catalogue, ("A.4",))
    dropped = {f.name for f in catalogue if f.evidence_mean is not None and "A.4" in f.source}
    assert dropped
    assert set(everything["evidence"]) - set(rest["evidence"]) == dropped
    assert rest["directions"] == everything["directions"]
    assert rest["groups"] == everything["groups"]


def test_without_any_source_the_model_learns_from_patients_alone():
    catalogue = load_catalogue().stage("pre_infusion")
    nothing = priors(catalogue, ("EVIDENCE", "project", "found", " "))
    assert nothing["evidence"] == {}
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 3)), columns=catalogue.names[:3])
    y = (rng.random(200) < 0.2).astype(int)
    fitted = RiskClassifier(**nothing, n_bags=2, n_repeats=1, n_rounds=5).fit(X, y)
    assert not any("evidence" in name for name in fitted.weights_.index)


def test_time_and_severity_are_told_by_their_role():
    early = priors(load_catalogue().for_model())
    assert early["clock"] == ("prediction_day", "days_left_log2", "days_left_log10_plus_1")
    assert early["severity"] == ("organ_support",)
    everything = priors(load_catalogue())
    assert set(everything["severity"]) == {
        "organ_support",
        "hypoxia_seen",
        "organ_dysfunction_seen",
    }
    assert all(everything["directions"][name] == 1 for name in everything["severity"])


def test_a_source_that_nobody_cites_is_refused():
    catalogue = load_catalogue()
    check_sources(catalogue, ("A.4",))
    with pytest.raises(SchemaError, match="'Smith 2031'"):
        check_sources(catalogue, ("A.4", "Smith 2031"))
