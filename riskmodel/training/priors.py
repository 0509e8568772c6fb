"""What a catalogue tells the estimator before any patient is seen."""

from typing import Any

from riskmodel.features import Catalogue


def priors(catalogue: Catalogue, exclude_sources: tuple[str, ...] = ()) -> dict[str, Any]:
    """Evidence, directions, factors and roles of a catalogue, as `RiskClassifier` takes them."""
    kept = [
        f
        for f in catalogue
        if f.evidence_mean is not None and not any(s in f.source for s in exclude_sources)
    ]
    return {
        "evidence": {f.name: (f.evidence_mean, f.evidence_sd, f.evidence_scale) for f in kept},
        "directions": {f.name: f.direction for f in catalogue if f.direction},
        "groups": {f.name: f.group for f in catalogue},
        "clock": tuple(f.name for f in catalogue if f.role == "clock"),
        "severity": tuple(f.name for f in catalogue if f.role == "severity"),
    }
