"""Training designs: what a retraining run is, as a file of training/."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.criteria import CYTOPENIA_RULES, definition_names
from riskmodel.errors import SchemaError
from riskmodel.evaluation import COMPARATORS, SCHEMES, Validation
from riskmodel.features import Catalogue, Stage, load_catalogue
from riskmodel.files import material, read_toml
from riskmodel.models import LABEL_SOURCES, LabelSource

ABLATED = "riskmodel without criteria signs"
CRITERIA_GROUP = "Criteria signs so far"
"""Clinical factor of the features that come from the definition's own signs."""

_STAGES = ("pre_infusion", "early")
_FEWEST_MODEL = {"n_bags": 1, "n_repeats": 1, "n_folds": 2, "n_draws": 1, "random_state": 0}
_FEWEST_VALIDATION = {
    "folds": 2,
    "repeats": 1,
    "fits": 10,
    "bootstrap": 0,
    "permutations": 0,
    "seed": 0,
}
_NEEDED = ("name", "definition", "cytopenia_rule", "horizon_days", "landmark_days")


@dataclass(frozen=True)
class Gate:
    """What a challenger has to hold against the champion (table ``gate`` of a design).

    Attributes
    ----------
    log_loss_margin : float
        How much worse its log-loss may be, in nats per row, where the interval of the difference
        does not tell the two apart.
    slope : (float, float)
        Bounds that the interval of its calibration slope has to meet.
    thresholds : tuple of float
        Risks at which its net benefit may not be lower than the champion's, beyond chance.
    subgroup_auroc_drop : float
        Largest drop of the AUROC in a subgroup.
    fewest_events : int
        Patients with the event below which nothing is judged.
    """

    log_loss_margin: float = 0.005
    slope: tuple[float, float] = (0.8, 1.25)
    thresholds: tuple[float, ...] = (0.05, 0.15)
    subgroup_auroc_drop: float = 0.1
    fewest_events: int = 10


@dataclass(frozen=True)
class Design:
    """A training run (keys as in training/default.toml)."""

    name: str
    definition: str
    cytopenia_rule: str
    horizon_days: float
    landmark_days: tuple[int, ...]
    stage: str = ""
    labels: LabelSource = "rules"
    risk_groups: tuple[float, float] = (0.05, 0.15)
    features: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    most_unseen: float = 0.5
    exclude_sources: tuple[str, ...] = ()
    comparators: tuple[str, ...] = COMPARATORS
    validation: Validation = field(default_factory=Validation)
    gate: Gate = field(default_factory=Gate)
    model: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The resolved design with JSON types only."""
        return asdict(self)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _one_of(table: Mapping[str, Any], key: str, allowed: Sequence[str]) -> list[str]:
    if key not in table or table[key] in allowed:
        return []
    return [f"'{key}' is '{table[key]}', allowed: {', '.join(allowed)}"]


def _names(table: Mapping[str, Any], key: str, allowed: Sequence[str] | None) -> list[str]:
    """Faults of a list of texts, each one of the allowed where those are known."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        return [f"'{key}' is not a list of texts"]
    found = [f"'{key}' names '{v}' twice" for v in sorted({v for v in value if value.count(v) > 1})]
    if allowed is not None:
        found += [
            f"'{key}' names '{v}', allowed: {', '.join(allowed)}" for v in value if v not in allowed
        ]
    return found


def _days(table: Mapping[str, Any]) -> list[str]:
    found = []
    horizon = table.get("horizon_days", 14)
    if not _number(horizon) or not 0 < horizon < float("inf"):
        found.append("'horizon_days' is not a positive number")
        horizon = 14
    days = table.get("landmark_days", [1])
    good = isinstance(days, list) and bool(days)
    good = good and all(_whole(d) and 0 < d < horizon for d in days)
    if not good or list(days) != sorted(set(days)):
        found.append("'landmark_days' is not a rising list of whole days between 0 and the horizon")
    return found


def _groups(table: Mapping[str, Any]) -> list[str]:
    edges = table.get("risk_groups", [0.05, 0.15])
    good = isinstance(edges, list) and len(edges) == 2 and all(_number(e) for e in edges)
    if good and 0 < edges[0] < edges[1] < 1:
        return []
    return ["'risk_groups' is not two rising probabilities"]


def _counts(table: Mapping[str, Any], name: str, fewest: Mapping[str, int]) -> list[str]:
    """Faults of a table of whole numbers, each with its smallest allowed value."""
    found = []
    for key, value in table.items():
        if key not in fewest:
            found.append(f"'{name}.{key}' is not one of {', '.join(fewest)}")
        elif not _whole(value) or value < fewest[key]:
            found.append(f"'{name}.{key}' is not a whole number from {fewest[key]}")
    return found


def _validation(table: Mapping[str, Any]) -> list[str]:
    """Faults of the table of the same name."""
    found = []
    scheme, latest = table.get("scheme", "k-fold"), table.get("latest", 0.3)
    if scheme not in SCHEMES:
        found.append(f"'validation.scheme' is '{scheme}', allowed: {', '.join(SCHEMES)}")
    if not _number(latest) or not 0 < latest < 1:
        found.append("'validation.latest' is not a share between 0 and 1")
    if not isinstance(table.get("ablation", True), bool):
        found.append("'validation.ablation' is not true or false")
    known = [f.name for f in fields(Validation)]
    found += [
        f"'validation.{key}' is not one of {', '.join(known)}" for key in table if key not in known
    ]
    whole = {k: v for k, v in table.items() if k in _FEWEST_VALIDATION}
    return found + _counts(whole, "validation", _FEWEST_VALIDATION)


def _gate(table: Mapping[str, Any]) -> list[str]:
    """Faults of the table of the same name."""
    known = [f.name for f in fields(Gate)]
    found = [f"'gate.{key}' is not one of {', '.join(known)}" for key in table if key not in known]
    for key in ("log_loss_margin", "subgroup_auroc_drop"):
        if not _number(table.get(key, 0.0)) or not 0 <= table.get(key, 0.0) < 1:
            found.append(f"'gate.{key}' is not a number from 0 to below 1")
    slope = table.get("slope", [0.8, 1.25])
    if not (isinstance(slope, list) and len(slope) == 2 and all(_number(v) for v in slope)):
        found.append("'gate.slope' is not two numbers")
    elif not 0 < slope[0] <= 1 <= slope[1]:
        found.append("'gate.slope' does not enclose 1")
    at = table.get("thresholds", [0.05])
    if not (isinstance(at, list) and at and all(_number(v) and 0 < v < 1 for v in at)):
        found.append("'gate.thresholds' is not a list of risks between 0 and 1")
    if not _whole(table.get("fewest_events", 1)) or table.get("fewest_events", 1) < 1:
        found.append("'gate.fewest_events' is not a whole number from 1")
    return found


def _part(table: Mapping[str, Any], name: str, check: Callable[[Any], list[str]]) -> list[str]:
    part = table.get(name, {})
    return check(part) if isinstance(part, Mapping) else [f"'{name}' is not a table"]


def _faults(table: Mapping[str, Any]) -> list[str]:
    catalogue = load_catalogue()
    found = [f"'{key}' is missing" for key in _NEEDED if key not in table]
    known = [f.name for f in fields(Design)]
    found += [f"'{key}' is not a known key" for key in table if key not in known]
    if not isinstance(table.get("name", ""), str):
        found.append("'name' is not a text")
    found += _one_of(table, "definition", definition_names())
    found += _one_of(table, "cytopenia_rule", CYTOPENIA_RULES)
    found += _one_of(table, "stage", _STAGES)
    found += _one_of(table, "labels", LABEL_SOURCES)
    found += _days(table)
    found += _groups(table)
    unseen = table.get("most_unseen", 0.5)
    if not _number(unseen) or not 0 <= unseen <= 1:
        found.append("'most_unseen' is not a share from 0 to 1")
    found += _names(table, "features", catalogue.names)
    found += _names(table, "groups", list(dict.fromkeys(f.group for f in catalogue)))
    found += _names(table, "exclude_sources", None)
    found += _names(table, "comparators", COMPARATORS)
    if table.get("features") and table.get("groups"):
        found.append("'features' and 'groups' are both given; one of them chooses")
    found += _part(table, "validation", _validation)
    found += _part(table, "gate", _gate)
    found += _part(table, "model", lambda part: _counts(part, "model", _FEWEST_MODEL))
    return found


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}


def load_design(design: str | Path = "default") -> Design:
    """Read a design: a shipped one by its name, or a TOML file.

    Raises
    ------
    SchemaError
        When it is absent or wrong, with every fault at once.

    Examples
    --------
    >>> load_design("quick").horizon_days
    14.0
    """
    path = Path(design)
    if path.suffix != ".toml":
        shipped = sorted(p.stem for p in material("training").glob("*.toml"))
        if str(design) not in shipped:
            raise SchemaError(
                f"Design '{design}' does not exist. Shipped: {', '.join(shipped)}; or give a TOML "
                "file."
            )
        path = material("training", f"{design}.toml")
    table = read_toml(path)
    faults = _faults(table)
    if faults:
        raise SchemaError(f"Design '{path.name}': {'; '.join(faults)}. Fix the file.")
    return Design(
        **{
            **_tuples(table),
            "horizon_days": float(table["horizon_days"]),
            "validation": Validation(**table.get("validation", {})),
            "gate": Gate(**_tuples(table.get("gate", {}))),
            "model": dict(table.get("model", {})),
        }
    )


def resolved(
    design: Design | str | Path,
    stage: Stage,
    labels: LabelSource | None = None,
    definition: str | None = None,
) -> Design:
    """The design of a run: what was asked for goes before what the file says.

    Raises
    ------
    SchemaError
        When the design is wrong, for another stage, or the definition unknown.
    """
    plan = design if isinstance(design, Design) else load_design(design)
    plan = plan if definition is None else replace(plan, definition=definition)
    if plan.definition not in definition_names():
        raise SchemaError(
            f"Definition '{plan.definition}' is unknown. Allowed: {', '.join(definition_names())}."
        )
    if plan.stage not in ("", stage):
        raise SchemaError(
            f"Design '{plan.name}' is for stage '{plan.stage}', and stage '{stage}' was asked for. "
            "Use another design, or its own stage."
        )
    return replace(plan, stage=stage, labels=labels or plan.labels)


def chosen(full: Catalogue, plan: Design) -> Catalogue:
    """The features that a design gives to its model."""
    if not plan.groups:
        return full.for_model(plan.features)
    kept = [f.name for f in full.for_model() if f.group in plan.groups]
    if not kept:
        raise SchemaError(
            f"Design '{plan.name}' names groups of which no feature is known at this stage: "
            f"{', '.join(plan.groups)}. Name others."
        )
    return full.select(kept)


def observed(features: Catalogue, X: pd.DataFrame) -> tuple[Catalogue, list[str]]:
    """The features that a row has, and the names of the others.

    A model cannot learn from what no patient of its cohort has. Were it kept, each patient scored
    later would be called incomplete for an input that moves no risk. Where no row has any feature
    all are kept: the model is then the base rate.

    Parameters
    ----------
    features : Catalogue
    X : DataFrame of shape (n, any)
        Rows to fit, with a column for each feature.
    """
    seen = X[features.names].notna().any()
    if seen.all() or not seen.any():
        return features, []
    return features.select(seen.index[seen].tolist()), seen.index[~seen].tolist()


def without_criteria(features: Catalogue) -> Catalogue:
    """The features that do not come from the signs of the definition itself."""
    kept = tuple(f for f in features if f.group != CRITERIA_GROUP)
    return Catalogue(kept, features.text)
