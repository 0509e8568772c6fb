"""Training designs: what a retraining run is, as a file of training/."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import AfterValidator, Field, ValidationInfo

from riskmodel.criteria import CYTOPENIA_RULES, definition_choices, known_definition
from riskmodel.errors import SchemaError
from riskmodel.evaluation import COMPARATORS, Validation, load_policy
from riskmodel.features import Catalogue, Stage, load_catalogue
from riskmodel.files import material, read_toml
from riskmodel.models import LABEL_SOURCES, TARGETS, LabelSource
from riskmodel.toml_model import Fault, Table, holds, must, one_of, read, refuse, whole

ABLATED = "riskmodel without criteria signs"
CRITERIA_GROUP = "Criteria signs so far"
"""Clinical factor of the features that come from the definition's own signs."""


def _names_of(allowed: Callable[[], Sequence[str]] | None) -> AfterValidator:
    """Each text once and, where those are known, one of the allowed."""

    def check(names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = names if allowed is None else allowed()
        twice = sorted({name for name in names if names.count(name) > 1})
        said = [f"names '{name}' twice" for name in twice]
        said += [
            f"names '{name}', allowed: {', '.join(known)}" for name in names if name not in known
        ]
        if said:
            raise refuse(f"; '{info.field_name}' ".join(said))
        return names

    return AfterValidator(check)


def _readable_policy(policy: str) -> str:
    try:
        load_policy(policy)
    except (SchemaError, OSError) as error:
        raise refuse(f"cannot be read: {error}") from None
    return policy


def _rising_below_the_horizon(days: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
    horizon = info.data.get("horizon_days", 14)
    if not days or list(days) != sorted(set(days)) or days[0] <= 0 or days[-1] >= horizon:
        raise refuse(_DAYS)
    return days


def _earlier_than_the_horizon(days: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
    rising = list(days) == sorted(set(days))
    if days and not (rising and days[0] > 0 and days[-1] < info.data.get("horizon_days", 14)):
        raise refuse("is not a rising list of days between 0 and the horizon")
    return days


def _groups_alone(groups: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    if groups and info.data.get("features"):
        raise refuse("'features' and 'groups' are both given; one of them chooses")
    return groups


_DAYS = "is not a rising list of whole days between 0 and the horizon"
_List = Field(strict=False)  # TOML has lists where a design has tuples
Texts = Annotated[tuple[str, ...], _List, must("is not a list of texts")]
Ends = Annotated[tuple[float, float], _List]
Small = Annotated[float, must("is not a number from 0 to below 1", lambda value: 0 <= value < 1)]


class Gate(Table):
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

    log_loss_margin: Small = 0.005
    slope: Annotated[
        Ends,
        must("is not two numbers"),
        holds("does not enclose 1", lambda ends: 0 < ends[0] <= 1 <= ends[1]),
    ] = (0.8, 1.25)
    thresholds: Annotated[
        tuple[float, ...],
        _List,
        must(
            "is not a list of risks between 0 and 1",
            lambda risks: risks and all(0 < risk < 1 for risk in risks),
        ),
    ] = (0.05, 0.15)
    subgroup_auroc_drop: Small = 0.1
    fewest_events: Annotated[int, whole(1)] = 10


class Learning(Table):
    """Settings of `RiskClassifier` that a design may give (table ``model``)."""

    n_bags: Annotated[int, whole(1)] = 0
    n_repeats: Annotated[int, whole(1)] = 0
    n_folds: Annotated[int, whole(2)] = 0
    n_draws: Annotated[int, whole(1)] = 0
    random_state: Annotated[int, whole(0)] = 0


class Design(Table):
    """A training run (keys as in training/default.toml)."""

    name: str
    definition: Annotated[str, one_of(definition_choices)]
    cytopenia_rule: Annotated[str, one_of(lambda: CYTOPENIA_RULES)]
    horizon_days: Annotated[
        float, must("is not a positive number", lambda days: 0 < days < float("inf"))
    ]
    landmark_days: Annotated[
        tuple[int, ...], _List, must(_DAYS), AfterValidator(_rising_below_the_horizon)
    ]
    target: Annotated[str, one_of(lambda: TARGETS)] = TARGETS[0]
    also_days: Annotated[
        tuple[float, ...],
        _List,
        must("is not a list of days"),
        AfterValidator(_earlier_than_the_horizon),
    ] = ()
    stage: Annotated[str, one_of(lambda: ("pre_infusion", "early"))] = ""
    labels: Annotated[LabelSource, one_of(lambda: LABEL_SOURCES)] = "rules"
    risk_groups: Annotated[
        Ends, must("is not two rising probabilities", lambda ends: 0 < ends[0] < ends[1] < 1)
    ] = (0.05, 0.15)
    alarm_policy: Annotated[str, AfterValidator(_readable_policy)] = "watch"
    features: Annotated[Texts, _names_of(lambda: load_catalogue().names)] = ()
    groups: Annotated[
        Texts,
        _names_of(lambda: list(dict.fromkeys(f.group for f in load_catalogue()))),
        AfterValidator(_groups_alone),
    ] = ()
    most_unseen: Annotated[
        float, must("is not a share from 0 to 1", lambda share: 0 <= share <= 1)
    ] = 0.5
    exclude_sources: Annotated[Texts, _names_of(None)] = ()
    comparators: Annotated[Texts, _names_of(lambda: COMPARATORS)] = COMPARATORS
    validation: Validation = Validation()
    gate: Gate = Gate()
    model: Learning = Learning()

    @property
    def settings(self) -> dict[str, int]:
        """Those of `RiskClassifier` that the design gives."""
        return self.model.model_dump(exclude_unset=True)

    def as_dict(self) -> dict[str, Any]:
        """The resolved design with JSON types only."""
        policy = load_policy(self.alarm_policy).model_dump()
        return {**self.model_dump(), "model": self.settings, "alarms": policy}


_TYPES = {"str": "is not a text", "bool": "is not true or false", "dict": "is not a table"}


def _sentence(fault: Fault) -> str:
    if fault.kind == "missing":
        return f"'{fault.key}' is missing"
    if fault.kind == "unknown":
        inner = Design.model_fields[str(fault.path[0])].annotation if fault.path[1:] else None
        known = getattr(inner, "model_fields", None)
        return f"'{fault.key}' is not " + (f"one of {', '.join(known)}" if known else "a known key")
    words = _TYPES.get(fault.words, fault.words)
    return words if words.startswith("'") else f"'{fault.key}' {words}"


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
    return read(
        Design,
        read_toml(path),
        lambda found: SchemaError(
            f"Design '{path.name}': {'; '.join(map(_sentence, found))}. Fix the file."
        ),
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
    plan = plan if definition is None else plan.model_copy(update={"definition": definition})
    plan = plan.model_copy(update={"definition": known_definition(plan.definition)})
    if plan.stage not in ("", stage):
        raise SchemaError(
            f"Design '{plan.name}' is for stage '{plan.stage}', and stage '{stage}' was asked for. "
            "Use another design, or its own stage."
        )
    return plan.model_copy(update={"stage": stage, "labels": labels or plan.labels})


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
