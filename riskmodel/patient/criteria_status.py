"""How one patient stands against a published definition at a time: parts, signs, last results."""

from dataclasses import dataclass

import numpy as np

from riskmodel.arrays import States
from riskmodel.cohort import Cohort, analytes
from riskmodel.criteria import (
    MET,
    NOT_ASSESSABLE,
    NOT_MET,
    Definition,
    Part,
    Series,
    SignTimeline,
    evaluate_signs,
    load_definition,
    part_label,
    sign_label,
)
from riskmodel.patient.limits import limits_of, result_words
from riskmodel.patient.wording import COURSE_EVIDENCE, NO_CRS, ago, when

STATE_WORDS = {MET: "met", NOT_MET: "not met", NOT_ASSESSABLE: "not assessable"}


@dataclass(frozen=True)
class SignRow:
    """A sign: its state, what would meet it, and the last result of each thing it reads."""

    label: str
    state: str
    limits: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True)
class PartRow:
    """A part of the definition; `signs` is empty for the part that is about time."""

    label: str
    state: str
    words: str
    signs: tuple[SignRow, ...] = ()


@dataclass(frozen=True)
class Standing:
    """The whole definition at a time."""

    definition: Definition
    rule: str
    state: str
    parts: tuple[PartRow, ...]
    default_uln: bool


def _result(series: Series, patient: Cohort, hours: float, named: bool) -> str:
    """The last judged sample of a series, how old it is, and whether it still counts."""
    known = series.hours <= hours
    entry = analytes().get(series.name)
    label = f"{entry.label} " if entry and named else ""
    told = any(name == series.name for name, _ in COURSE_EVIDENCE)
    if not known.any():
        if told:
            return NO_CRS if series.name == "crs" else "no course of a marker judged"
        if entry is None:
            return "not looked for, or not recorded"
        before = (patient.labs["analyte"] == series.name).any()
        return f"{label}{'no count since the infusion' if before else 'not measured'}"
    k = int(np.flatnonzero(known)[-1])
    at, age = float(series.hours[k]), hours - float(series.hours[k])
    if told:
        shown = COURSE_EVIDENCE[series.name, int(series.state[k])]
    elif entry is None:
        shown = "found" if series.state[k] == MET else "looked for, not found"
    elif np.isnan(series.value[k]):
        shown = f"{label}reported as low, without a number"
    else:
        shown = f"{label}{result_words(series, k, float(series.hours[k]), patient)}"
    text = f"{shown}, {when(at)} ({ago(age)})"
    if age > series.carry[k]:
        return f"{text}; too old to count (over {series.carry[k]:.0f} h)"
    if series.state[k] == NOT_ASSESSABLE and entry is not None:
        return f"{text}; does not decide by itself"
    return text


def _uncounted(series: Series, hours: float) -> str:
    """Why the last value, below the limit that is drawn beside it, does not meet the sign."""
    known = np.flatnonzero(series.hours <= hours)
    if not len(known) or series.state[known[-1]] != NOT_MET or not series.rules:
        return ""
    why = series.rules[series.detail[known[-1]]]
    below = "below the limit, not counted: " if series.name in analytes() else ""
    return f"; {below}{why}" if why else ""


def standing(patient: Cohort, definition: str, rule: str, hours: float) -> Standing:
    """State of a definition for a cohort of one patient, by records at or before `hours`.

    Parameters
    ----------
    patient : Cohort
        One patient, only records at or before `hours`.
    definition, rule : str
        Name of the definition, and position of its cytopenia switch.
    hours : float
    """
    return standing_of(patient, evaluate_signs(patient, load_definition(definition), rule), hours)


def standing_of(patient: Cohort, timeline: SignTimeline, hours: float) -> Standing:
    """`standing` from signs that have been judged already."""
    chosen = timeline.definition
    states = timeline.at(hours).to_numpy(np.int8)
    part_states = chosen.part_states(states)[0]
    rows: dict[str, SignRow] = {}
    default_uln = False
    for j, sign in enumerate(timeline.judged):
        words, default = limits_of(sign.name, chosen, patient)
        default_uln |= default
        rows[sign.name] = SignRow(
            sign_label(sign.name),
            STATE_WORDS[int(states[0, j])],
            words,
            tuple(
                _result(series, patient, hours, len(sign.series) > 1) + _uncounted(series, hours)
                for series in sign.series
            ),
        )
    parts = [
        PartRow(
            part_label(part.name),
            STATE_WORDS[int(state)],
            _count(part, states, chosen.signs),
            tuple(rows[s] for s in part.signs),
        )
        for part, state in zip(chosen.parts, part_states, strict=True)
    ]
    in_time = hours >= chosen.from_hours
    time = PartRow("Time", STATE_WORDS[int(in_time)], "onset during or after the infusion")
    whole = STATE_WORDS[int(timeline.definition_state_at(hours)[0])]
    return Standing(chosen, timeline.cytopenia_rule, whole, (*parts[:1], time, *parts[1:]),
                    default_uln)  # fmt: skip


def _count(part: Part, states: States, signs: tuple[str, ...]) -> str:
    """How much of a part is met: points where its items carry different ones, else its items."""
    items = part.item_states(states, signs)[0]
    unknown = int((items == NOT_ASSESSABLE).sum())
    extra = f", {unknown} not assessable" if unknown else ""
    if any(item.points != 1 for item in part.items):
        fewest, most = (int(points[0]) for points in part.points(states, signs))
        span = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        return f"{span} points{extra}; {part.at_least} are needed"
    met = int((items == MET).sum())
    kind = "signs" if len(items) == len(part.signs) else "items"
    return f"{met} of {len(items)} {kind} met{extra}; {part.at_least} are needed"
