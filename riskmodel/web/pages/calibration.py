"""The calibration of a model, from the held-out figures that its folder holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from riskmodel import pictures as draw
from riskmodel.models import Point, RiskModel, StoredCalibration, percent
from riskmodel.pictures import INK, QUIET, SOFT, Scale

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
    x, y = Scale(0.0, top, _LEFT, right), Scale(0.0, top, foot, _TOP)
    parts = []
    for tick in draw.linear_ticks(0.0, top):
        across, up, said = y(tick), x(tick), f"{tick:.0%}"
        parts += [
            draw.stroke(f"M{_LEFT:g} {across:g}H{right:g}M{up:g} {foot:g}V{_TOP:g}", SOFT),
            draw.text(_LEFT - 5, across + 4, said, anchor="end", fill=QUIET),
            draw.text(up, foot + 15, said, anchor="middle", fill=QUIET),
        ]
    turned = f"translate(14 {(foot + _TOP) / 2:g}) rotate(-90)"
    parts += [
        draw.stroke(f"M{x(0):g} {y(0):g}L{x(top):g} {y(top):g}", QUIET, 1.4,
                    stroke_dasharray="2 4"),
        draw.text(right - 4, foot - 7, "below the dotted line: risks too high", anchor="end",
                  fill=QUIET, font_size=10, class_="hint"),
        draw.text((_LEFT + right) / 2, _HEIGHT - 8, "predicted risk", anchor="middle"),
        draw.tag("text", "observed share with the event", transform=turned, text_anchor="middle"),
    ]  # fmt: skip
    band = [(x(p.predicted), p.interval) for p in curve if p.interval is not None]
    if band:
        lower, upper = ([(at, y(ends[k])) for at, ends in band] for k in (0, 1))
        parts.append(draw.band(upper, lower))
    parts.append(draw.curve((x(p.predicted), y(p.observed)) for p in curve))
    for p in groups:
        at = x(p.predicted)
        if p.interval is not None:
            low, high = map(y, p.interval)
            parts.append(draw.stroke(f"M{at:g} {low:g}V{high:g}", INK, 1.1))
        parts.append(draw.tag("circle", cx=at, cy=y(p.observed), r=3, fill=INK))
    told = "; ".join(
        f"predicted {percent(p.predicted)}, observed {percent(p.observed)}" for p in groups
    )
    return draw.svg(
        parts, _WIDTH, _HEIGHT, title=f"Calibration. {title}",
        described=f"Groups of rising risk: {told}.", name=f"calibration-{mark}",
    )  # fmt: skip
