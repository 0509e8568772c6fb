"""Training designs: what a retraining run is, as a file of training/."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from riskmodel.criteria import CYTOPENIA_RULES, definition_names
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml
from riskmodel.material import material

_FEWEST_MODEL = {"n_bags": 1, "n_repeats": 1, "n_folds": 2, "n_draws": 1, "random_state": 0}
_FEWEST_VALIDATION = {"folds": 2, "repeats": 1, "bootstrap": 0, "seed": 0}


@dataclass(frozen=True)
class Validation:
    """Outer cross-validation and the bootstrap of its figures."""

    folds: int = 5
    repeats: int = 1
    bootstrap: int = 500
    seed: int = 20


@dataclass(frozen=True)
class Design:
    """A training run (keys as in training/default.toml)."""

    name: str
    definition: str
    cytopenia_rule: str
    horizon_days: float
    landmark_days: tuple[int, ...]
    risk_groups: tuple[float, float] = (0.05, 0.15)
    features: tuple[str, ...] = ()
    exclude_sources: tuple[str, ...] = ()
    validation: Validation = field(default_factory=Validation)
    model: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The resolved design with JSON types only."""
        return asdict(self)


def _faults(table: Mapping[str, Any]) -> list[str]:
    found = []
    for key in ("name", "definition", "cytopenia_rule", "horizon_days", "landmark_days"):
        if key not in table:
            found.append(f"'{key}' is missing")
    known = (*Design.__dataclass_fields__,)
    found += [f"'{key}' is not a known key" for key in table if key not in known]
    allowed = (
        ("definition", definition_names()),
        ("cytopenia_rule", CYTOPENIA_RULES),
    )
    for key, names in allowed:
        if key in table and table[key] not in names:
            found.append(f"'{key}' is '{table[key]}', allowed: {', '.join(names)}")
    horizon = table.get("horizon_days", 14)
    if not isinstance(horizon, (int, float)) or isinstance(horizon, bool) or not horizon > 0:
        found.append("'horizon_days' is not a positive number")
        horizon = 14
    days = table.get("landmark_days", [])
    good = isinstance(days, list) and all(isinstance(d, int) and 0 < d < horizon for d in days)
    if not good or (not days and "landmark_days" in table):
        found.append("'landmark_days' is not a list of whole days between 0 and the horizon")
    groups = table.get("risk_groups", [0.05, 0.15])
    if not (isinstance(groups, list) and len(groups) == 2 and 0 < groups[0] < groups[1] < 1):
        found.append("'risk_groups' is not two rising probabilities")
    found += _counts(table, "validation", _FEWEST_VALIDATION)
    found += _counts(table, "model", _FEWEST_MODEL)
    if not isinstance(table.get("name", ""), str):
        found.append("'name' is not a text")
    return found


def _counts(table: Mapping[str, Any], name: str, fewest: Mapping[str, int]) -> list[str]:
    """Faults of a table of whole numbers, each with its smallest allowed value."""
    entries = table.get(name, {})
    if not isinstance(entries, Mapping):
        return [f"'{name}' is not a table"]
    found = []
    for key, value in entries.items():
        if key not in fewest:
            found.append(f"'{name}.{key}' is not one of {', '.join(fewest)}")
        elif type(value) is not int or value < fewest[key]:
            found.append(f"'{name}.{key}' is not a whole number from {fewest[key]}")
    return found


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
        name=str(table["name"]),
        definition=table["definition"],
        cytopenia_rule=table["cytopenia_rule"],
        horizon_days=float(table["horizon_days"]),
        landmark_days=tuple(table["landmark_days"]),
        risk_groups=tuple(table.get("risk_groups", (0.05, 0.15))),
        features=tuple(table.get("features", ())),
        exclude_sources=tuple(table.get("exclude_sources", ())),
        validation=Validation(**table.get("validation", {})),
        model=dict(table.get("model", {})),
    )
