"""The calibration of a model, from the held-out figures that its folder holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from riskmodel.models import Point, RiskModel, StoredCalibration
from riskmodel.patient import FONT, INK, LINE, QUIET, SOFT, linear_ticks, percent

_WIDTH, _HEIGHT = 340.0, 300.0
_LEFT, _RIGHT, _TOP, _FOOT = 56.0, 14.0, 12.0, 44.0

Points = Sequence[Point]


@dataclass(frozen=True)
class Calibration:
    """One curve: where it comes from, the picture, and the groups of risk as text.

    Attributes
    ----------
    title : str
    said : str
        Patients and events.
    svg : str
    rows : tuple of (predictions, predicted risk, observed share, interval)
    """

    title: str
    said: str
    svg: str
    rows: tuple[tuple[str, str, str, str], ...]


def calibrations(model: RiskModel) -> list[Calibration]:
    """The curve of all predictions, then of each landmark; empty where the model holds none."""
    return [
        _shown(entry, f"{model.stage}-{number}", model.stage)
        for number, entry in enumerate(model.card.calibration)
    ]


def _shown(entry: StoredCalibration, mark: str, stage: str) -> Calibration:
    title = str(entry.subset).capitalize()
    if entry.subset == "all":
        title = "All patients" if stage == "pre_infusion" else "All days together"
    said = f"{entry.patients:,} patients, {entry.events:,} with the event"
    rows = tuple(
        (f"{point.rows:,}", percent(point.predicted), percent(point.observed),
         _interval(point))
        for point in entry.groups
    )  # fmt: skip
    svg = calibration_svg(entry.curve, entry.groups, f"{title}: {said}", mark)
    return Calibration(title, said, svg, rows)


def _interval(point: Point) -> str:
    if point.interval is None:
        return "not estimable"
    return " to ".join(map(percent, point.interval))


def calibration_svg(curve: Points, groups: Points, title: str, mark: str) -> str:
    """Observed share against predicted risk as one ``<svg>`` element.

    Parameters
    ----------
    curve : sequence of mappings
        ``predicted, observed, low, high`` of the smoothed curve, in rising order.
    groups : sequence of mappings
        The same of groups of rising risk; bounds that could not be estimated are None.
    title : str
    mark : str
        Keeps the identifiers of several pictures on one page apart.
    """
    ends = [end for p in (*curve, *groups) for end in (p.predicted, p.observed, p.high)]
    top = min(1.0, 1.05 * max(0.02, *(float(value) for value in ends if value is not None)))
    right, foot = _WIDTH - _RIGHT, _HEIGHT - _FOOT

    def x(value: float) -> float:
        return round(_LEFT + min(value / top, 1.0) * (right - _LEFT), 1)

    def y(value: float) -> float:
        return round(foot - min(value / top, 1.0) * (foot - _TOP), 1)

    told = "; ".join(
        f"predicted {percent(p.predicted)}, observed {percent(p.observed)}" for p in groups
    )
    name = f"calibration-{mark}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-family="{FONT}" font-size="11" '
        f'fill="{INK}"><title id="{name}-title">Calibration. {escape(title)}</title>'
        f'<desc id="{name}-desc">Groups of rising risk: {escape(told)}.</desc>'
    ]
    for tick in linear_ticks(0.0, top):
        parts.append(
            f'<path d="M{_LEFT:g} {y(tick):g}H{right:g}M{x(tick):g} {foot:g}V{_TOP:g}" '
            f'stroke="{SOFT}" fill="none"/>'
            f'<text x="{_LEFT - 5:g}" y="{y(tick) + 4:g}" text-anchor="end" fill="{QUIET}">'
            f"{tick:.0%}</text>"
            f'<text x="{x(tick):g}" y="{foot + 15:g}" text-anchor="middle" fill="{QUIET}">'
            f"{tick:.0%}</text>"
        )
    parts.append(
        f'<path d="M{x(0):g} {y(0):g}L{x(top):g} {y(top):g}" stroke="{QUIET}" '
        'stroke-dasharray="2 4" stroke-width="1.4"/>'
        f'<text class="hint" x="{right - 4:g}" y="{foot - 7:g}" text-anchor="end" fill="{QUIET}" '
        'font-size="10">below the dotted line: risks too high</text>'
        f'<text x="{(_LEFT + right) / 2:g}" y="{_HEIGHT - 8:g}" text-anchor="middle">'
        "predicted risk</text>"
        f'<text transform="translate(14 {(foot + _TOP) / 2:g}) rotate(-90)" text-anchor="middle">'
        "observed share with the event</text>"
    )
    band = [(p.predicted, p.interval) for p in curve if p.interval is not None]
    if band:
        upper = [f"{x(at):g},{y(high):g}" for at, (_, high) in band]
        lower = [f"{x(at):g},{y(low):g}" for at, (low, _) in reversed(band)]
        parts.append(
            f'<polygon points="{" ".join([*upper, *lower])}" fill="{LINE}" fill-opacity="0.16"/>'
        )
    line = " ".join(f"{x(p.predicted):g},{y(p.observed):g}" for p in curve)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{LINE}" stroke-width="2"/>')
    for p in groups:
        at = x(p.predicted)
        if p.interval is not None:
            low, high = map(y, p.interval)
            parts.append(f'<path d="M{at:g} {low:g}V{high:g}" stroke="{INK}" stroke-width="1.1"/>')
        parts.append(f'<circle cx="{at:g}" cy="{y(p.observed):g}" r="3" fill="{INK}"/>')
    return "".join([*parts, "</svg>"])
