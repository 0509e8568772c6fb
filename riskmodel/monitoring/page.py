"""What monitoring saw, as text and as a page."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from riskmodel import RESEARCH_USE
from riskmodel.files import replacing
from riskmodel.monitoring.monitor import Monitoring, Stream
from riskmodel.patient import environment

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


def _frame(said: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'style="max-width: 100%" role="img" aria-label="{_attribute(said)}">'
    )


def _limit(height: float) -> str:
    return (
        f'<line x1="0" x2="{_WIDTH}" y1="{height:.1f}" y2="{height:.1f}" stroke="#9b1420" '
        'stroke-width="1"/>'
    )


def _drawn(values: npt.NDArray[np.float64], top: float, dashes: str = "none") -> str:
    return (
        f'<polyline points="{_line(values, top)}" fill="none" stroke="#1f4f8f" '
        f'stroke-width="1.6" stroke-dasharray="{dashes}"/>'
    )


def _line(values: npt.NDArray[np.float64], top: float) -> str:
    across = np.linspace(_EDGE, _WIDTH - _EDGE, max(len(values), 2))[: len(values)]
    down = _HEIGHT - _EDGE - np.minimum(values / top, 1.0) * (_HEIGHT - 2 * _EDGE)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))


def sums_svg(stream: Stream) -> str:
    """Both sums over the patients with their limit: upward solid, downward dashed."""
    highest = max(stream.limit, stream.up.max(initial=0.0), stream.down.max(initial=0.0))
    top = 1.15 * highest or 1.0
    limit = _HEIGHT - _EDGE - stream.limit / top * (_HEIGHT - 2 * _EDGE)
    said = stream_sentence(stream)
    return (
        f"{_frame(said)}{_limit(limit)}{_drawn(stream.up, top)}"
        f"{_drawn(stream.down, top, '4 3')}</svg>"
    )


def evidence_svg(found: Monitoring) -> str:
    """The e-value of calibration over the patients, on a logarithmic scale, with its limit."""
    if found.calibration is None:
        return ""
    drift = found.calibration
    level = np.maximum(np.log10(drift.evidence) + 1.0, 0.0)
    at = np.log10(drift.limit) + 1.0
    top = 1.15 * max(at, float(level.max(initial=0.0)))
    limit = _HEIGHT - _EDGE - at / top * (_HEIGHT - 2 * _EDGE)
    return f"{_frame(calibration_sentence(found))}{_limit(limit)}{_drawn(level, top)}</svg>"


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def write_monitor_page(found: Monitoring, path: Path) -> None:
    """Write the page: self-contained, complete or not at all."""
    template = environment(Path(__file__).parent).get_template("monitor.html.j2")
    page = template.render(
        heading=f"Monitoring of {found.model}",
        research_use=RESEARCH_USE,
        lines=[*_watched(found), *([] if found.alarms else ["No alarm."]), _false_alarms(found)],
        alarms=found.alarms,
        streams=[(s.name, s, sums_svg(s)) for s in found.streams],
        calibration=calibration_sentence(found),
        evidence=evidence_svg(found),
        at=found.at,
    )
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
