"""The data dictionary: the catalogue as a table for people, in plain text, Markdown and HTML."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import pandas as pd

from riskmodel.features.catalogue import Catalogue
from riskmodel.features.feature import Feature, Window
from riskmodel.pictures import css_palette

FORMATS = ("text", "markdown", "html")
NOTATION = (
    "Times are hours from the infusion or from the prediction time. A square bracket includes the "
    "end of a window, a round one does not. A value outside the range is missing. Evidence is the "
    "change of the log-odds per unit or per standard deviation (sd) of the feature; 'convention' "
    "is a direction in print with a size by convention, not a published effect. 'unverified' "
    "marks numbers from memory, not checked against their source."
)
_DIRECTIONS = {1: "higher, higher risk", 0: "not known", -1: "higher, lower risk"}
_ROLES = {"": "", "clock": "; part of the base rate", "severity": "; never overruled"}
_STAGES = {"pre_infusion": "before the infusion", "early": "early"}


def dictionary(catalogue: Catalogue) -> pd.DataFrame:
    """One row of text per feature, in the catalogue's order.

    Parameters
    ----------
    catalogue : Catalogue

    Returns
    -------
    DataFrame of str
        ``feature, label, factor, stage, computed, window, unit, range, direction, evidence,
        in_models, source``. ``computed`` is the builder with what it reads and its numbers;
        ``stage`` the earliest one that has the feature.

    Examples
    --------
    >>> from riskmodel.features import load_catalogue
    >>> row = dictionary(load_catalogue()).set_index("feature").loc["ferritin_slope_48h"]
    >>> row["computed"], row["window"]
    ('log_slope(ferritin; floor 1, span 12)', '[prediction - 48 h, prediction]')
    """
    return pd.DataFrame([_row(feature) for feature in catalogue], dtype="str")


def written(catalogue: Catalogue, form: str = "text") -> str:
    """The dictionary as ``text``, ``markdown`` or ``html`` (a whole page)."""
    writers = {"text": _text, "markdown": _markdown, "html": _html}
    return writers[form](catalogue)


def _row(feature: Feature) -> dict[str, str]:
    return {
        "feature": feature.name,
        "label": feature.label,
        "factor": feature.group,
        "stage": _STAGES[feature.stage],
        "computed": _computed(feature),
        "window": _window(feature),
        "unit": feature.unit,
        "range": f"{feature.minimum:g} to {feature.maximum:g}",
        "direction": _DIRECTIONS[feature.direction] + _ROLES[feature.role],
        "evidence": _evidence(feature),
        "in_models": "yes" if feature.model else "where named",
        "source": feature.source + (" [unverified]" if feature.unverified else ""),
    }


def _computed(feature: Feature) -> str:
    shown = {k: v for k, v in feature.parameters.items() if k not in _ELSEWHERE}
    parts = [feature.of] if feature.of else []
    if shown:
        parts.append(", ".join(f"{name} {_value(value)}" for name, value in shown.items()))
    return f"{feature.builder}({'; '.join(parts)})"


_ELSEWHERE = ("lymphodepletion", "order", "scale", "category", "log")
"""Parameters that stand in the window or in the table of tumor burden."""


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        if "threshold" in value:
            limit = f"{value['analyte']} {value['comparison']} {value['threshold']:g}"
            return f"{limit}: {value['points']:g}"
        return ", ".join(f"{name} {_value(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _window(feature: Feature) -> str:
    text = interval(feature.window)
    start = feature.parameters.get("lymphodepletion")
    if start:
        text += (
            ", at or before lymphodepletion (its first record in the "
            f"{start['within']:g} h before the infusion, else hour {start['usual']:g})"
        )
    return text


def interval(window: Window) -> str:
    """A window in brackets that say which ends it includes.

    Examples
    --------
    >>> from riskmodel.features.feature import parse_window
    >>> interval(parse_window(["infusion-168h", "infusion"], "left"))
    '[infusion - 168 h, infusion)'
    """
    start = "[" if window.closed in ("both", "left") else "("
    end = "]" if window.closed in ("both", "right") else ")"
    return f"{start}{_end(*window.start)}, {_end(*window.end)}{end}"


def _end(anchor: str, offset: float) -> str:
    name = anchor.replace("_", " ")
    return f"{name} {'-' if offset < 0 else '+'} {abs(offset):g} h" if offset else name


def _evidence(feature: Feature) -> str:
    if feature.evidence_mean is None:
        return "none"
    return (
        f"{feature.evidence_mean:+g} (sd {feature.evidence_sd:g}) per {feature.evidence_scale}, "
        f"{feature.evidence_basis}"
    )


def _text(catalogue: Catalogue) -> str:
    lines = [NOTATION]
    for row in _rows(catalogue):
        lines += [
            "",
            f"{row['feature']}: {row['label']} [{row['factor']}; {row['stage']}; "
            f"in models: {row['in_models']}]",
            f"    {row['computed']} in {row['window']}",
            f"    {row['unit']}; {row['range']}; direction: {row['direction']}; "
            f"evidence: {row['evidence']}",
            f"    {row['source']}",
        ]
    return "\n".join(lines) + "\n"


def _markdown(catalogue: Catalogue) -> str:
    lines = [NOTATION, ""]
    lines += _markdown_table(_TITLES.values(), (_cells(row) for row in _rows(catalogue)))
    burden = burden_orders(catalogue)
    if burden:
        lines += ["", f"### {_BURDEN}", "", *_markdown_table(_ORDER_HEAD, burden)]
        lines += ["", *_markdown_table(_SCALE_HEAD, burden_scales(catalogue))]
    return "\n".join(lines) + "\n"


def _html(catalogue: Catalogue) -> str:
    tables = _html_table("Features", _TITLES.values(), [_cells(r) for r in _rows(catalogue)])
    burden, scales = burden_orders(catalogue), burden_scales(catalogue)
    if burden:
        tables += _html_table(_BURDEN, _ORDER_HEAD, burden)
        tables += _html_table("Scales of tumor burden", _SCALE_HEAD, scales)
    return _PAGE.format(palette=css_palette(), notation=escape(NOTATION), tables=tables)


def burden_orders(catalogue: Catalogue) -> list[tuple[str, ...]]:
    """Each disease with its measures of tumor burden in their order."""
    orders = [f.parameters.get("order", {}) for f in catalogue if f.builder == "tumor_burden"]
    return [
        (name, ", ".join(order) or "none: no tumor")
        for table in orders[:1]
        for name, order in table.items()
    ]


def burden_scales(catalogue: Catalogue) -> list[tuple[str, ...]]:
    """Each measure of tumor burden with the ends of its scale."""
    found = [f.parameters for f in catalogue if f.builder == "tumor_burden"][:1]
    rows: list[tuple[str, ...]] = []
    for keys in found:
        for name, (low, high) in keys["scale"].items():
            way = "logarithmic" if name in keys["log"] else "linear"
            rows.append((name, f"{low:g}", f"{high:g}", way))
        placed = ", ".join(f"{name} {value:g}" for name, value in keys["category"].items())
        rows.append(("tumor_burden", "", "", f"the centre's own call: {placed}"))
    return rows


def _rows(catalogue: Catalogue) -> Iterable[Mapping[str, str]]:
    return (_row(feature) for feature in catalogue)


def _cells(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in _TITLES)


def _markdown_table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> list[str]:
    titles = list(head)
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for first, *rest in rows:
        cells = [f"`{first}`", *(cell.replace("|", "\\|") for cell in rest)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _html_table(caption: str, head: Iterable[str], rows: list[tuple[str, ...]]) -> str:
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    lines = [f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{titles}</tr></thead>"]
    lines.append("<tbody>")
    for first, *rest in rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row"><code>{escape(first)}</code></th>{cells}</tr>')
    lines.append("</tbody>\n</table>\n")
    return "\n".join(lines)


_BURDEN = "Tumor burden by disease"
_ORDER_HEAD = ("disease", "measures, the first known one counts")
_SCALE_HEAD = ("measure", "0 at", "1 at", "between")
_TITLES = {
    "feature": "feature",
    "label": "what it is",
    "factor": "clinical factor",
    "stage": "from stage",
    "computed": "computed",
    "window": "window",
    "unit": "unit",
    "range": "plausible range",
    "direction": "direction",
    "evidence": "evidence",
    "in_models": "in models",
    "source": "source",
}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>riskmodel: data dictionary</title>
<style>
{palette}body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem; color: var(--ink); }}
table {{ border-collapse: collapse; margin: 1.5rem 0; }}
caption {{ text-align: left; font-weight: 600; font-size: 1.2rem; padding: .5rem 0; }}
th, td {{ border: 1px solid var(--line); padding: .3rem .5rem; text-align: left;
  vertical-align: top; font-weight: 400; }}
thead th {{ position: sticky; top: 0; background: var(--soft); font-weight: 600; }}
tbody tr:nth-child(even) {{ background: var(--soft); }}
</style>
</head>
<body>
<h1>Data dictionary</h1>
<p>Research use only: not a medical device, not for decisions about a patient's care.</p>
<p>{notation}</p>
{tables}</body>
</html>
"""
