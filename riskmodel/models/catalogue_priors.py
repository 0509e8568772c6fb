"""What a catalogue knows before any patient, in the words of `RiskClassifier`."""

from collections.abc import Sequence
from typing import Any

from riskmodel.errors import SchemaError
from riskmodel.features import Catalogue


def priors(catalogue: Catalogue, exclude_sources: Sequence[str] = ()) -> dict[str, Any]:
    """Evidence, directions, factors and roles of a catalogue, as `RiskClassifier` takes them.

    Parameters
    ----------
    catalogue : Catalogue
    exclude_sources : sequence of str
        Evidence whose source contains one of these texts is dropped; see `check_sources`.
    """
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


def check_sources(catalogue: Catalogue, exclude_sources: Sequence[str]) -> None:
    """Refuse a text that is in no source of the catalogue: it would silently exclude nothing.

    Raises
    ------
    SchemaError
    """
    sources = [f.source for f in catalogue if f.evidence_mean is not None]
    unknown = [text for text in exclude_sources if not any(text in source for source in sources)]
    if unknown:
        raise SchemaError(
            f"exclude_sources names {', '.join(map(repr, unknown))}, which is in no source of "
            f"evidence of the catalogue. Seen there: {'; '.join(dict.fromkeys(sources))[:300]}. "
            "Correct it, or leave it out."
        )
