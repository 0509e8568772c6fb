"""The feature catalogue: every feature is a table of features/*.toml, or it does not exist."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from riskmodel.errors import SchemaError
from riskmodel.features.catalogue_checks import entry_faults, read_entry
from riskmodel.features.feature import Feature, Stage
from riskmodel.files import material

SHIPPED = ("baseline.toml", "kinetics.toml", "course.toml")
"""The files of features/, in the order of the columns."""


_DAY_OF_HORIZON = re.compile(
    r'(builder = "days_left"(?:(?!\[\[feature\]\]).)*?\bday = )[\d.]+', re.DOTALL
)


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
        found = entry_faults(entry)
        if uses[str(entry.get("name"))] > 1 and "name" in entry:
            found.append("its name is used twice")
        if found:
            said.append(f"Feature '{entry.get('name', f'number {k + 1}')}': {'; '.join(found)}.")
    if not entries and not names:
        said.append("The feature catalogue holds no [[feature]].")
    if said:
        raise SchemaError(" ".join(said))
    features = tuple(read_entry(entry) for entry in entries)
    return Catalogue(features, text).select(names) if names else Catalogue(features, text)
