"""One patient over time: which sign was met when, by which value, as plain text."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.cohort import Cohort
from riskmodel.criteria import (
    DEFAULT_DEFINITION,
    MET,
    NOT_ASSESSABLE,
    NOT_MET,
    Definition,
    course_rules,
    daily_picture,
    day_words,
    evaluate_signs,
    label,
    open_items,
    part_label,
    picture_label,
    prolonged_cytopenia,
    sign_label,
)
from riskmodel.errors import SchemaError
from riskmodel.patient.assessment import adjudicated_hours
from riskmodel.patient.criteria_status import standing
from riskmodel.patient.limits import limit_words, part_need
from riskmodel.patient.sign_periods import Span, part_spans, sign_spans
from riskmodel.patient.wording import RULE_WORDS, when

OUTCOME_WORDS = {
    "event": "event: the definition was met {horizon}",
    "no_event": "no event: the definition was not met {horizon}",
    "competing": "competing: death, a transplant or a new cell therapy came first",
    "lost": "lost: the record ends before the horizon",
    "not_assessed": "not assessed: the record does not suffice to exclude it {horizon}",
}
_AFTER_ONSET = 3.0  # days shown after a late onset


@dataclass(frozen=True)
class SignLine:
    """A sign over time: what meets it, and its spans."""

    label: str
    limits: tuple[str, ...]
    spans: tuple[Span, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Each stretch in which it was met, or what is known of one that never was."""
        met = [span for span in self.spans if span.state == MET]
        if met:
            return tuple(f"met {span.time}{f': {span.by}' if span.by else ''}" for span in met)
        decided = [span for span in self.spans if span.state == NOT_MET]
        if not decided:
            return ("not assessable at any time shown",)
        last = f"; last: {decided[-1].last}" if decided[-1].last else ""
        return (f"not met {', '.join(span.time for span in decided)}{last}",)


@dataclass(frozen=True)
class PartLines:
    """A part of a definition, how much of it is needed, and its signs."""

    label: str
    needed: str
    spans: tuple[Span, ...]
    signs: tuple[SignLine, ...]

    @property
    def words(self) -> str:
        """When the part was met."""
        return met_words(self.spans)


@dataclass(frozen=True)
class DayLine:
    """Consecutive days with one picture and the same signs."""

    days: str
    picture: str
    crs: str
    iec_hs: str
    unknown: str


@dataclass(frozen=True)
class PatientTimeline:
    """All that is shown of one patient.

    Attributes
    ----------
    patient : Cohort
        The one patient.
    until_hours : float
        Last hour shown.
    facts : tuple of (name, words)
    parts : tuple of PartLines
    whole : tuple of Span
        Of the whole definition.
    days : tuple of DayLine
    pictures : DataFrame
        `daily_picture` of the days shown.
    horizon_days, onset_hours : float
        The onset is NaN where there is none.
    """

    patient: Cohort
    definition: Definition
    until_hours: float
    facts: tuple[tuple[str, str], ...]
    parts: tuple[PartLines, ...]
    whole: tuple[Span, ...]
    days: tuple[DayLine, ...]
    pictures: pd.DataFrame
    horizon_days: float
    onset_hours: float
    default_uln: bool

    @property
    def patient_id(self) -> str:
        """Identifier."""
        return str(self.patient.patient_id[0])


def met_words(spans: tuple[Span, ...]) -> str:
    """When something was met, in words.

    Examples
    --------
    >>> met_words((Span(0, 24, 0), Span(24, 48, 1), Span(48, 72, -1)))
    'met day 1 to day 2'
    >>> met_words((Span(0, 24, -1),))
    'not assessable at any time shown'
    """
    met = [span.time for span in spans if span.state == MET]
    if met:
        return f"met {', '.join(met)}"
    if all(span.state == NOT_ASSESSABLE for span in spans):
        return "not assessable at any time shown"
    unknown = any(span.state == NOT_ASSESSABLE for span in spans)
    return "never met, at times not assessable" if unknown else "never met"


def patient_timeline(
    cohort: Cohort,
    patient_id: str,
    definition: str = DEFAULT_DEFINITION,
    *,
    cytopenia_rule: str | None = None,
    horizon_days: float = 14.0,
    closed: str = "left",
) -> PatientTimeline:
    """Everything that the timeline of one patient shows.

    Parameters
    ----------
    cohort : Cohort
    patient_id : str
    definition : str
    cytopenia_rule : str or None
        None for the definition's default.
    horizon_days : float
    closed : {"left", "both"}
        Whether the horizon itself is excluded or included.

    Raises
    ------
    SchemaError
        When the patient is not among the usable ones, or a parameter is not allowed.
    """
    found = np.flatnonzero(cohort.patient_id == patient_id)
    if not len(found):
        raise SchemaError(
            f"Patient '{patient_id}' is not among the {len(cohort)} usable patients of cohort "
            f"'{cohort.name}'. Use an identifier of its patients table, or look for a rejected "
            "row with `riskmodel check`."
        )
    patient = cohort.take(found[:1])
    row = label(
        patient, definition, cytopenia_rule=cytopenia_rule, horizon_days=horizon_days, closed=closed
    ).iloc[0]
    timeline = evaluate_signs(patient, definition, cytopenia_rule)
    chosen = timeline.definition
    onset = float(row["onset_hours"])
    until = _until(float(row["observed_until_hours"]), onset, horizon_days)
    stands = standing(patient.until(until), definition, timeline.cytopenia_rule, until)
    limits = [[sign.limits for sign in part.signs] for part in stands.parts if part.signs]
    signs, (*parts, whole) = sign_spans(timeline, patient, until), part_spans(timeline, until)
    pictures = daily_picture(patient, last_day=int(until // 24))
    end = "up to and including" if closed == "both" else "before"
    return PatientTimeline(
        patient=patient,
        definition=chosen,
        until_hours=until,
        facts=_facts(patient, row, chosen, f"{end} day {horizon_days:g}"),
        parts=tuple(
            PartLines(
                part_label(part.name),
                part_need(part),
                spans,
                tuple(
                    SignLine(sign_label(name), limit_words(chosen, name, words), signs[name])
                    for name, words in zip(part.signs, part_limits, strict=True)
                ),
            )
            for part, spans, part_limits in zip(chosen.parts, parts, limits, strict=True)
        ),
        whole=whole,
        days=tuple(_day_lines(pictures)),
        pictures=pictures,
        horizon_days=float(horizon_days),
        onset_hours=onset,
        default_uln=stands.default_uln,
    )


def _until(observed: float, onset: float, horizon_days: float) -> float:
    """Last hour shown: the record's, but not long past the days of interest."""
    days = max(course_rules().last_day, np.ceil(horizon_days))
    if not np.isnan(onset):
        days = max(days, np.ceil(onset / 24) + _AFTER_ONSET)
    return float(max(min(observed, 24 * days), 24.0))


def _facts(
    patient: Cohort, row: pd.Series, definition: Definition, horizon: str
) -> tuple[tuple[str, str], ...]:
    onset, grade, rule = row["onset_hours"], row["grade"], str(row["cytopenia_rule"])
    target, prolonged = patient.patients["target_antigen"].iloc[0], prolonged_cytopenia(patient)
    state = str(prolonged["prolonged_cytopenia_state"].iloc[0]).replace("_", " ")
    days = course_rules().prolonged_cytopenia.days
    adjudicated = adjudicated_hours(patient)
    found = [
        ("Definition", f"{definition.name}: {definition.title}, {definition.version}"),
        ("Left open in print", definition.operational_rule),
        ("Cytopenia rule", f"{rule}: {RULE_WORDS[rule]}" if rule else ""),
        ("Target antigen", "unknown" if pd.isna(target) else str(target)),
        ("Outcome", OUTCOME_WORDS[str(row["outcome"])].format(horizon=horizon)),
        ("Onset", "none" if pd.isna(onset) else f"{when(onset)} (hour {onset:g})"),
        ("Highest grade", "" if pd.isna(grade) else f"{grade}"),
        ("Adjudicated onset", "" if adjudicated is None else when(adjudicated)),
        *_score(row),
        ("Prolonged cytopenia", f"{state} (more than {days:g} days low without a break)"),
        ("From memory, unverified", str(row["unverified"])),
    ]
    return tuple((name, words) for name, words in found if words)


def _score(row: pd.Series) -> list[tuple[str, str]]:
    """The range of a score and its probability at the judged moment, where the label has one."""
    if "total_low" not in row:
        return []

    def between(low: str, high: str) -> str:
        return low if low == high else f"{low} to {high}"

    total = between(f"{row['total_low']:.0f}", f"{row['total_high']:.0f}")
    chance = between(_chance(row["probability_low"]), _chance(row["probability_high"]))
    missing = "; ".join(name.replace("_", " ") for name in open_items(row))
    judged = row["judged_hours"]
    at = "" if pd.isna(judged) else f" on {when(judged)}"
    without = f"; missing: {missing}" if missing else ""
    return [("Total", f"{total} points{at}, probability {chance}{without}")]


def _chance(probability: float) -> str:
    """A probability of a table whose ends stand for all that lies beyond them."""
    bound = {0.01: "≤ ", 0.99: "≥ "}.get(round(probability, 6), "")
    return f"{bound}{probability:.0%}"


def _day_lines(pictures: pd.DataFrame) -> list[DayLine]:
    columns = ["picture", "crs_signs", "iec_hs_signs", "not_assessable_signs"]
    rows = [tuple(row) for row in pictures[["day", *columns]].itertuples(index=False)]
    lines = []
    for (picture, *names), same in groupby(rows, key=lambda row: row[1:]):
        days = [row[0] for row in same]
        crs, iec_hs, unknown = (", ".join(map(day_words, listed)) for listed in names)
        shown = f"day {days[0]}" if len(days) == 1 else f"day {days[0]} to {days[-1]}"
        lines.append(DayLine(shown, picture_label(picture), crs, iec_hs, unknown))
    return lines


def timeline_text(found: PatientTimeline) -> str:
    """The timeline as plain text."""
    width = max(len(name) for name, _ in found.facts)
    lines = [
        f"Patient {found.patient_id}, shown up to {when(found.until_hours)}. {RESEARCH_USE}",
        "",
        *(f"{name:<{width}}  {words}" for name, words in found.facts),
        "",
        f"Whole definition: {met_words(found.whole)}",
    ]
    for part in found.parts:
        lines += ["", f"{part.label} ({part.needed}): {part.words}"]
        for sign in part.signs:
            limits = f" [{'; '.join(sign.limits)}]" if sign.limits else ""
            lines.append(f"  {sign.label}{limits}")
            lines += [f"    {words}" for words in sign.words]
    lines += ["", "Day by day, by the records up to hour 24 times the day"]
    for day in found.days:
        signs = [
            f"CRS: {day.crs}" if day.crs else "",
            f"IEC-HS: {day.iec_hs}" if day.iec_hs else "",
            f"not assessable: {day.unknown}" if day.unknown else "",
        ]
        lines.append(f"  {day.days}: {day.picture}")
        lines += [f"    {text}" for text in signs if text]
    return "\n".join(lines)
