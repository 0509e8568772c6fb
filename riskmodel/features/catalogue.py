"""The feature catalogue: every feature is a table of features/*.toml, or it does not exist."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from riskmodel.errors import SchemaError
from riskmodel.features.catalogue_checks import faults
from riskmodel.features.window import Window, parse_window
from riskmodel.files import material

Stage = Literal["pre_infusion", "early"]
SHIPPED = ("baseline.toml", "kinetics.toml", "course.toml")
"""The files of features/, in the order of the columns."""


_DAY_OF_HORIZON = re.compile(
    r'(builder = "days_left"(?:(?!\[\[feature\]\]).)*?\bday = )[\d.]+', re.DOTALL
)


@dataclass(frozen=True)
class Feature:
    """One feature of the catalogue.

    Attributes
    ----------
    name, stage, builder, unit, group, label, source : str
        `group` is the clinical factor; `label` the plain words; `stage` the earliest one that
        uses it: the early stage uses every feature.
    of : str
        The analyte, patient column or event that the builder reads; empty where it names none.
    window : Window
        Which records count, relative to the infusion or to the prediction time.
    transform : {"", "log10", "log2", "log10_plus_1"}
        Applied to the built value.
    minimum, maximum : float
        Plausible range after the transform; values outside become missing.
    direction : {-1, 0, 1}
        Whether a higher value means a higher risk (1), a lower one (-1), or is not known (0).
    role : {"", "clock", "severity"}
        "clock" tells the time of the prediction; "severity" is a consequence of how ill a patient
        is, whose direction no data overrule.
    evidence_mean, evidence_sd : float or None
        Log-odds effect and its standard deviation per `evidence_scale` ("unit" or "sd").
    evidence_basis : {"published", "convention", None}
    parameters : mapping
        Numbers of the builder.
    model : bool
        Whether a model gets it without its design naming it.
    unverified : bool
        Whether a number of it is from memory, not checked against its source.
    """

    name: str
    stage: Stage
    builder: str
    of: str
    window: Window
    unit: str
    transform: str
    minimum: float
    maximum: float
    direction: int
    group: str
    label: str
    source: str
    evidence_mean: float | None = None
    evidence_sd: float | None = None
    evidence_scale: Literal["unit", "sd"] = "sd"
    evidence_basis: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: bool = True
    unverified: bool = False
    role: str = ""


@dataclass(frozen=True)
class Catalogue:
    """Features in their order, and the TOML text that they were read from."""

    features: tuple[Feature, ...]
    text: str

    def __repr__(self) -> str:
        return f"<Catalogue of {len(self)} features>"

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def names(self) -> list[str]:
        """Feature names, in order."""
        return [feature.name for feature in self.features]

    def stage(self, stage: Stage) -> "Catalogue":
        """The features that a model of this stage uses."""
        if stage == "early":
            return self
        kept = tuple(f for f in self.features if f.stage == "pre_infusion")
        return Catalogue(kept, self.text)

    def for_model(self, names: Sequence[str] = ()) -> "Catalogue":
        """The features that a model gets: those that its design names, else the default ones.

        Raises
        ------
        SchemaError
            When a name is not in the catalogue.
        """
        if names:
            return self.select(names)
        return Catalogue(tuple(f for f in self.features if f.model), self.text)

    def select(self, names: Sequence[str]) -> "Catalogue":
        """The features with these names, in this order.

        Raises
        ------
        SchemaError
            When a name is not in the catalogue.
        """
        by_name = {f.name: f for f in self.features}
        unknown = [name for name in names if name not in by_name]
        if unknown:
            raise SchemaError(
                f"Feature '{unknown[0]}' is not in the catalogue. Known: {', '.join(by_name)}."
            )
        return Catalogue(tuple(by_name[name] for name in names), self.text)

    def for_horizon(self, days: float) -> "Catalogue":
        """The features with the days left counted to this horizon, and a text that says so.

        Raises
        ------
        SchemaError
            When a feature counts to another day and its text cannot be changed here.
        """
        if _counts_to(self, days):
            return self
        text = re.sub(_DAY_OF_HORIZON, rf"\g<1>{days:g}", self.text)
        found = parse_catalogue(text, self.names)
        if not _counts_to(found, days):
            raise SchemaError(
                f"A feature with the builder 'days_left' counts to another day than the horizon "
                f"{days:g}. Write it as parameters = {{ day = {days:g} }}."
            )
        return found


def _counts_to(catalogue: Catalogue, days: float) -> bool:
    left = [f for f in catalogue if f.builder == "days_left"]
    return all(float(f.parameters["day"]) == days for f in left)


def load_catalogue(*paths: Path) -> Catalogue:
    """Read and check a catalogue.

    Parameters
    ----------
    *paths : Path
        TOML files; the shipped baseline.toml, kinetics.toml and course.toml by default.

    Raises
    ------
    SchemaError
        With every fault at once.

    Examples
    --------
    >>> "tumor_burden" in load_catalogue().names
    True
    """
    chosen = paths or [material("features", name) for name in SHIPPED]
    try:
        text = "\n".join(path.read_text(encoding="utf-8") for path in chosen)
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise SchemaError(f"The feature catalogue cannot be read: {error}.") from None
    return parse_catalogue(text)


def parse_catalogue(text: str, names: Sequence[str] = ()) -> Catalogue:
    """Read and check the TOML text of a catalogue (see `load_catalogue`).

    Parameters
    ----------
    text : str
    names : sequence of str
        Read these features alone, in this order, and leave the others unchecked, such as those
        that a model's copy holds without using them. All of them by default.

    Raises
    ------
    SchemaError
        With every fault at once, or when a name is not in the catalogue.
    """
    from riskmodel.features.builders.registry import BUILDERS

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"The feature catalogue is not valid TOML: {error}.") from None
    entries = table.get("feature", [])
    if not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
        raise SchemaError("The feature catalogue has a 'feature' that is no [[feature]] table.")
    if names:
        entries = [entry for entry in entries if entry.get("name") in names]
    said = [
        f"The feature catalogue has an unknown key '{key}': every feature is a [[feature]]."
        for key in table
        if key != "feature"
    ]
    uses = Counter(str(entry.get("name")) for entry in entries)
    for k, entry in enumerate(entries):
        found = faults(entry, BUILDERS)
        if uses[str(entry.get("name"))] > 1 and "name" in entry:
            found.append("its name is used twice")
        if found:
            said.append(f"Feature '{entry.get('name', f'number {k + 1}')}': {'; '.join(found)}.")
    if not entries and not names:
        said.append("The feature catalogue holds no [[feature]].")
    if said:
        raise SchemaError(" ".join(said))
    catalogue = Catalogue(tuple(_feature(entry) for entry in entries), text)
    return catalogue.select(names) if names else catalogue


def _feature(entry: Mapping[str, Any]) -> Feature:
    evidence = entry.get("evidence") or {}
    return Feature(
        name=entry["name"],
        stage=entry["stage"],
        builder=entry["builder"],
        of=entry.get("of", ""),
        window=parse_window(entry["window"], entry["closed"]),
        unit=entry["unit"],
        transform=entry.get("transform", ""),
        minimum=float(entry["range"][0]),
        maximum=float(entry["range"][1]),
        direction=entry["direction"],
        group=entry["group"],
        label=entry["label"],
        source=entry["source"],
        evidence_mean=evidence.get("mean"),
        evidence_sd=evidence.get("sd"),
        evidence_scale=evidence.get("per", "sd"),
        evidence_basis=evidence.get("basis"),
        parameters=entry.get("parameters", {}),
        model=entry.get("model", True),
        unverified=entry.get("unverified", False),
        role=entry.get("role", ""),
    )
