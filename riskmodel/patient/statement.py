"""What comes before any figure: the criteria are met, or nearly, or nothing can be known.

A patient in whom the syndrome may be there already is not low, and is not forecast: that is said
first and in the largest words, by every page and card.
"""

from dataclasses import dataclass

from riskmodel.cohort import product_name
from riskmodel.criteria import NEW_AFTER_CRS, part_label, sign_label
from riskmodel.patient.assessment import Assessment
from riskmodel.patient.wording import cited, in_sentence, when
from riskmodel.scoring import BaseRateOnly, CannotBeTold, CriteriaMet, MayBeMet, NearlyMet, NoSignal


@dataclass(frozen=True)
class Statement:
    """The sentence in the largest words, and what goes with it.

    Attributes
    ----------
    large, more : str
    urgent : bool
        Whether the syndrome may be there already.
    """

    large: str
    more: str
    urgent: bool


def statement_of(assessed: Assessment) -> Statement | None:
    """What to say before the figure; None where the figure may come first."""
    scope = assessed.not_at_risk
    if scope is not None and scope.onset:
        return _onset(assessed)
    for finding in assessed.findings:
        if isinstance(finding, CriteriaMet):
            return Statement(f"Criteria met now: {parts_words(assessed)}.", _RECOGNISED, True)
        if isinstance(finding, NearlyMet):
            more = f"{parts_words(assessed)}. Do not wait for a forecast: judge the patient now."
            return Statement("Criteria all but met: one sign is missing.", more, True)
        if isinstance(finding, MayBeMet):
            draw = ", ".join(in_sentence(sign_label(sign)) for sign in finding.open_signs)
            large = "Criteria may be met, and cannot be assessed."
            return Statement(
                large, f"{parts_words(assessed)}. Not measured, and deciding: {draw}.", True
            )
        if isinstance(finding, BaseRateOnly):
            product = assessed.patient.patients["product"].iloc[0]
            named = product_name(product) if isinstance(product, str) else None
            own = named is not None and named in finding.who
            none = "" if named is None or own else f"No rate of {named} is in print. "
            more = (
                f"{none}The figure is the published rate of {finding.who} "
                f"({cited(finding.source)}), over the whole course. "
                "Nothing of this patient was used."
            )
            return Statement(
                f"The risk of this patient cannot be told: {finding.why}.", more, False
            )
    if any(isinstance(finding, NoSignal) for finding in assessed.findings):
        more = (
            "Held-out risks of this model followed the outcome no more than chance would: its "
            "figures say nothing about this patient."
        )
        return Statement("Do not use this risk: no signal was found in training.", more, False)
    for finding in assessed.findings:
        if isinstance(finding, CannotBeTold):
            more = "The interval reaches from low to high: see below what would narrow it most."
            if finding.hours is not None:
                more = (
                    f"Nothing was drawn for {finding.hours / 24:.1f} days: what has happened since "
                    "is not in this figure. Draw now."
                )
            return Statement("Low or high cannot be told from these inputs.", more, False)
    return None


_RECOGNISED = "This is recognition, not a forecast: no risk of something yet to come is given."


def _onset(assessed: Assessment) -> Statement:
    recorded = assessed.adjudicated
    met = assessed.standing.state == "met"
    since = float(assessed.records.signs.onset_hours[0])
    said = []
    if recorded is not None:
        said.append(f"An IEC-HS onset is recorded on {when(recorded)}")
    if met:
        said.append(f"Criteria met now: {parts_words(assessed)}")
    elif since <= assessed.hours:
        said.append(f"Criteria were met on {when(since)}")
    tail = f", since {when(since)}" if met and since <= assessed.hours else ""
    return Statement(f"{'. '.join(said) or 'An onset is known'}{tail}.", _RECOGNISED, True)


def parts_words(assessed: Assessment) -> str:
    """``macrophage activation 3 of 5, cytopenias 3 of 3``: signs met of those that count."""
    definition = assessed.standing.definition
    states = assessed.records.signs.at(assessed.hours).iloc[0]
    told = []
    for part in definition.parts:
        met = sum(int(states[sign] == 1) for sign in part.signs)
        if met and NEW_AFTER_CRS in part.signs:
            continue  # nothing speaks against the others
        told.append(f"{in_sentence(part_label(part.name))} {met} of {len(part.signs)}")
    return ", ".join(told)
