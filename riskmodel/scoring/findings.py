"""What scoring has to say of a row beside its risk: typed, and put into words only for people.

A finding carries what a source wrote (a product's name, a column) as a value. The text of the
column ``reason`` is made of findings and never read back; who needs to know what was found reads
the findings, or in a table the codes of the column ``findings``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

AUTOIMMUNE = "autoimmune_indication"
ONSET = ("onset_known", "onset_recorded")


@dataclass(frozen=True)
class MissingInputs:
    """Inputs of the model that are not known."""

    code: ClassVar[str] = "missing"
    features: tuple[str, ...]

    def __str__(self) -> str:
        return f"missing: {', '.join(self.features)}"


@dataclass(frozen=True)
class UnusableCells:
    """Cells of the patients table that could not be read: column and reason of each."""

    code: ClassVar[str] = "unusable"
    cells: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"unusable: {', '.join(f'{column} ({why})' for column, why in self.cells)}"


@dataclass(frozen=True)
class Stale:
    """Nothing is known of the day that ends at the landmark.

    Attributes
    ----------
    hours : float or None
        From the last record to the prediction time, None without any record.
    """

    code: ClassVar[str] = "stale"
    hours: float | None

    def __str__(self) -> str:
        if self.hours is None:
            return "stale: no record by the prediction time"
        return f"stale: last record {self.hours:g} h before the prediction time"


@dataclass(frozen=True)
class OutsideRange:
    """Inputs well beyond what the training rows held."""

    code: ClassVar[str] = "outside_range"
    features: tuple[str, ...]

    def __str__(self) -> str:
        return f"outside the training range: {', '.join(self.features)}"


@dataclass(frozen=True)
class NotTrainedOn:
    """A product, target, domain or disease that no training patient had."""

    code: ClassVar[str] = "not_trained_on"
    column: str
    stated: str

    def __str__(self) -> str:
        return f"not trained on: {self.column} {self.stated}"


@dataclass(frozen=True)
class BaseRateOnly:
    """Too little is known: a published rate is given, and nothing of the patient was used.

    Attributes
    ----------
    why : str
    who, source : str
        Whom the rate is about, and where it is printed.
    """

    code: ClassVar[str] = "base_rate"
    why: str
    who: str
    source: str

    def __str__(self) -> str:
        return f"base rate of {self.who}: {self.why}, nothing of this patient was used"


@dataclass(frozen=True)
class CriteriaMet:
    """The criteria are met now, whatever the labels say that the model learnt from."""

    code: ClassVar[str] = "criteria_met"
    definition: str

    def __str__(self) -> str:
        return f"criteria {self.definition} met now"


@dataclass(frozen=True)
class NearlyMet:
    """The criteria lack one sign."""

    code: ClassVar[str] = "criteria_nearly_met"
    definition: str

    def __str__(self) -> str:
        return f"criteria {self.definition}: all but one sign met"


@dataclass(frozen=True)
class MayBeMet:
    """Signs are met, and too little was measured to say that the criteria are not.

    Attributes
    ----------
    definition : str
    open_signs : tuple of str
        What to draw: the signs that decide.
    """

    code: ClassVar[str] = "criteria_may_be_met"
    definition: str
    open_signs: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"criteria {self.definition} may be met, not assessable: {', '.join(self.open_signs)}"
        )


@dataclass(frozen=True)
class NoSignal:
    """Training found that the model's risks follow the outcome no more than chance would."""

    code: ClassVar[str] = "no_signal"

    def __str__(self) -> str:
        return "no signal was found in training: do not use this risk"


@dataclass(frozen=True)
class CannotBeTold:
    """No group: the interval reaches from low to high, or nothing was drawn for days.

    Attributes
    ----------
    hours : float or None
        From the last result to the prediction time, where that is the reason.
    """

    code: ClassVar[str] = "group_cannot_be_told"
    hours: float | None = None

    def __str__(self) -> str:
        if self.hours is not None:
            return f"group cannot be told: no result for {self.hours / 24:.1f} days"
        return "group cannot be told from these inputs"


@dataclass(frozen=True)
class OutOfScope:
    """Why nobody can be at risk here: ``onset_known``, ``dead``, ``transplant`` and the like."""

    code: str
    said: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.said}" if self.said else self.code

    @property
    def onset(self) -> bool:
        """The syndrome has begun: by the model's own labels, or as a human recorded it."""
        return self.code in ONSET

    @property
    def autoimmune(self) -> bool:
        """An indication in which no case has been published."""
        return self.code == AUTOIMMUNE


Finding = (
    MissingInputs
    | UnusableCells
    | Stale
    | OutsideRange
    | NotTrainedOn
    | BaseRateOnly
    | CriteriaMet
    | NearlyMet
    | MayBeMet
    | NoSignal
    | CannotBeTold
    | OutOfScope
)
Findings = tuple[Finding, ...]


def in_text(findings: Sequence[Finding]) -> str:
    """The column ``reason``: for people, and for nothing else.

    Examples
    --------
    >>> in_text([MissingInputs(("age_years",)), Stale(None)])
    'missing: age_years; stale: no record by the prediction time'
    """
    return "; ".join(map(str, findings))


def in_codes(findings: Sequence[Finding]) -> str:
    """The column ``findings``: codes of a closed list, whatever a source wrote.

    Examples
    --------
    >>> in_codes([MissingInputs(("age_years",)), NotTrainedOn("product", "X; stale: none")])
    'missing not_trained_on'
    """
    return " ".join(dict.fromkeys(finding.code for finding in findings))
