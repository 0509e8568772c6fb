"""What monitoring saw, as text and as a page."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from riskmodel import RESEARCH_USE, pictures as draw
from riskmodel.arrays import Floats
from riskmodel.files import write_text
from riskmodel.monitoring.monitor import Monitoring, Stream
from riskmodel.patient import environment
from riskmodel.pictures import Scale

_WIDTH, _HEIGHT, _EDGE = 320, 72, 6


def monitor_text(found: Monitoring) -> str:
    """What was watched and what raised an alarm, in plain sentences."""
    alarms = ", ".join(found.alarms)
    raised = f"ALARM: {alarms}." if alarms else "No alarm."
    return "\n".join([*_watched(found), raised, _false_alarms(found), RESEARCH_USE])


def _watched(found: Monitoring) -> list[str]:
    order = "infusion time" if found.ordered_by_time else "their table: infusion times are missing"
    return [
        f"Model {found.model} at {found.at}: {found.patients} patients in the order of {order}; "
        f"reference {found.reference_patients} patients.",
        *(stream_sentence(s) for s in found.streams if s.alarm_after is not None),
        calibration_sentence(found),
        *found.notes,
    ]


def _false_alarms(found: Monitoring) -> str:
    return (
        f"False-alarm rate of inputs and scores together: {found.rate:.0%} over {found.run} "
        f"patients, found by drawing from the reference; of calibration: at most {found.rate:.0%}, "
        "over any number."
    )


def stream_sentence(stream: Stream) -> str:
    """One stream beside its reference."""
    said = f"{stream.name}: {stream.mean:.3g} here, {stream.reference_mean:.3g} in the reference"
    if stream.alarm_after is None:
        return f"{said}; within its limit."
    return f"{said}; over its limit after patient {stream.alarm_after}."


def calibration_sentence(found: Monitoring) -> str:
    """Observed beside expected events."""
    unknown = ", ".join(f"{name} {count}" for name, count in found.left_out.items())
    unknown = f" Outcome not known: {unknown}." if unknown else ""
    drift = found.calibration
    if drift is None:
        return f"Calibration: no outcome is known yet.{unknown}"
    verdict = (
        "the outcomes do not contradict the risks"
        if drift.alarm_after is None
        else f"the outcomes contradict the risks from patient {drift.alarm_after} on"
    )
    return (
        f"Calibration: {drift.events} events in {drift.patients} patients, {drift.expected:.1f} "
        f"expected, ratio {drift.ratio:.2f} (95% {drift.ratio_low:.2f} to {drift.ratio_high:.2f}); "
        f"{verdict} (e-value {drift.evidence[-1]:.2g}, alarm at {drift.limit:g}).{unknown}"
    )


def _picture(lines: Sequence[tuple[Floats, str | None]], limit: float, said: str) -> str:
    """Values over the patients, each with its dashes, and the limit across."""
    highest = max(limit, *(float(values.max(initial=0.0)) for values, _ in lines))
    y = Scale(0.0, 1.15 * highest or 1.0, _HEIGHT - _EDGE, _EDGE)
    parts = [draw.stroke(f"M0 {y(limit):g}H{_WIDTH}", draw.LIMIT, 1)]
    for values, dashes in lines:
        across = np.linspace(_EDGE, _WIDTH - _EDGE, max(len(values), 2))[: len(values)]
        places = zip(np.round(across, 1), map(y, values), strict=True)
        parts.append(draw.curve(places, 1.6, stroke_dasharray=dashes))
    return draw.svg(parts, _WIDTH, _HEIGHT, title=said, style="width: 20rem; max-width: 100%")


def sums_svg(stream: Stream) -> str:
    """Both sums over the patients with their limit: upward solid, downward dashed."""
    lines = ((stream.up, None), (stream.down, "4 3"))
    return _picture(lines, stream.limit, stream_sentence(stream))


def evidence_svg(found: Monitoring) -> str:
    """The e-value of calibration over the patients, on a logarithmic scale, with its limit."""
    if found.calibration is None:
        return ""
    drift = found.calibration
    level = np.maximum(np.log10(drift.evidence) + 1.0, 0.0)
    limit = float(np.log10(drift.limit)) + 1.0
    return _picture(((level, None),), limit, calibration_sentence(found))


def write_monitor_page(found: Monitoring, path: Path) -> None:
    """Write the page: self-contained, complete or not at all."""
    template = environment(Path(__file__).parent).get_template("monitor.html.j2")
    page = template.render(
        heading=f"Monitoring of {found.model}",
        research_use=RESEARCH_USE,
        lines=[*_watched(found), _false_alarms(found)],
        alarms=found.alarms,
        streams=[(s.name, s, sums_svg(s)) for s in found.streams],
        calibration=calibration_sentence(found),
        evidence=evidence_svg(found),
        at=found.at,
    )
    write_text(path, page)
