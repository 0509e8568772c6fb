"""One page about an evaluation: opens without a network, holds no patient."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel import RESEARCH_USE
from riskmodel.evaluation.evaluation import Evaluation, shown
from riskmodel.evaluation.pages.pictures import TITLES, caption
from riskmodel.pictures import css_palette

METRIC_NAMES: Mapping[str, str] = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier score",
    "scaled_brier": "scaled Brier",
    "log_loss": "log-loss",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "expected_over_observed": "expected / observed",
    "ici": "integrated calibration index",
}
_BRIEF = ("auroc", "auprc", "log_loss", "calibration_intercept", "calibration_slope",
          "expected_over_observed")  # fmt: skip
_READING: Mapping[str, str] = {
    "roc": "Above the diagonal the score ranks patients with the event higher than others.",
    "precision_recall": "Of the alarms at each sensitivity, the share that is followed by the "
    "event.",
    "calibration": "On the dotted line the risks are right on average. Below it they are too high, "
    "above it too low. The bars show how the risks of both groups are spread.",
    "decision_curve": "The higher the curve, the better; a score is worth using only where it lies "
    "above treating all and treating none. The band is the 95% interval of the model.",
    "alarms": "Each point is one limit under one rule of persistence: higher finds more cases, "
    "further left alarms fewer patients for each, longer warns earlier. Bars are 95% intervals.",
    "by_landmark": "Figures of each day by themselves; days with too few events are left out.",
}
KINDS: Mapping[str, str] = {
    "landmark": "By day of prediction",
    "lead": "By lead time before the onset",
    "age": "By age",
    "sex": "By sex",
    "product": "By product",
    "disease": "By disease",
    "centre": "By centre",
}


def _cell(row: Mapping[Any, Any]) -> str:
    return shown(float(row["value"]), float(row["low"]), float(row["high"]))


def wide(
    table: pd.DataFrame, by: Sequence[str], metrics: Sequence[str] = _BRIEF
) -> list[list[str]]:
    """Header and rows: what the rows are about, then one column per metric with its interval."""
    present = [m for m in metrics if (table["metric"] == m).any()]
    head = [*(b.replace("_", " ") for b in by), *(METRIC_NAMES.get(m, m) for m in present)]
    rows = [head]
    for key, part in table.groupby(list(by), sort=False, dropna=False):
        cells = {str(r["metric"]): _cell(r) for r in part.to_dict(orient="records")}
        note = str(part["note"].iloc[0]) if "note" in part else ""
        named = [f"{k:g}" if isinstance(k, float) else str(k) for k in key]
        if note:
            rows.append([*named, note.split(" (")[0]])
        else:
            rows.append([*named, *(cells.get(m, "") for m in present)])
    return rows


def _plain(table: pd.DataFrame) -> list[list[str]]:
    """A table of figures without intervals."""
    rows = [[str(c).replace("_", " ") for c in table.columns]]
    for record in table.to_dict(orient="records"):
        named = METRIC_NAMES.get(str(record.pop("metric")), "")
        rows.append([named, *("" if pd.isna(v) else f"{v:.3f}" for v in record.values())])
    return rows


def _alarms(table: pd.DataFrame) -> list[list[str]]:
    names = list(dict.fromkeys(table["metric"]))
    rows = [["threshold", *(n.replace("_", " ") for n in names)]]
    for threshold, part in table.groupby("threshold", sort=False):
        cells = {str(r["metric"]): _cell(r) for r in part.to_dict(orient="records")}
        rows.append([f"{threshold:.0%}", *(cells[n] for n in names)])
    return rows


_RULES = {
    "once": "at or above the limit",
    "twice": "at two predictions in a row",
    "rise": "at the limit and risen by the factor",
}
_POLICY_COLUMNS = {
    "patients_alarmed": "patients alarmed",
    "sensitivity": "cases alarmed",
    "patients_alarmed_per_case": "patients alarmed per case found",
    "alarms_per_case": "alarms per case found",
    "lead_hours": "first alarm before the onset, hours, median",
    "lead_24_hours": "cases alarmed 24 hours before or more",
    "lead_48_hours": "48 hours or more",
    "net_benefit": "net benefit per patient at the limit",
    "net_benefit_least_harm": "at the least harm",
    "net_benefit_most_harm": "at the most harm",
    "alarm_all": "everybody alarmed: at the limit",
    "alarm_all_least_harm": "at the least harm",
    "alarm_all_most_harm": "at the most harm",
}


def _policy(table: pd.DataFrame) -> list[list[str]]:
    rows = [["level", "alarm", *_POLICY_COLUMNS.values()]]
    for key, part in table.groupby(["level", "threshold", "rule"], sort=False):
        level, threshold, rule = key
        cells = {str(r["metric"]): _cell(r) for r in part.to_dict(orient="records")}
        named = [f"{level}, from {threshold:.0%}", f"{rule}: {_RULES[str(rule)]}"]
        rows.append([*named, *(cells[name] for name in _POLICY_COLUMNS)])
    return rows


def _sections(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Tables of the page in their order, each with a title and how to read it."""
    tables, figures = evaluation.tables, evaluation.figures
    main = str(figures["model"].iloc[0])
    whole = figures[figures["kind"] == "all"]
    found = [
        {
            "title": "The model and its comparators",
            "text": "The same patients, the same draws of the bootstrap.",
            "rows": wide(whole, ("model", "patients", "events"), tuple(METRIC_NAMES)),
        },
        {
            "title": "Where each comparator's risks come from",
            "text": "",
            "rows": [["", ""], *tables["contenders"].to_numpy().tolist()],
        },
    ]
    if "optimism" in tables:
        found.append({"title": "Corrected for optimism", "text": _TEXT["optimism"],
                      "rows": _plain(tables["optimism"])})  # fmt: skip
    for kind, title in KINDS.items():
        part = figures[(figures["kind"] == kind) & (figures["model"] == main)]
        if len(part):
            found.append({"title": title, "text": _TEXT.get(kind, ""),
                          "rows": wide(part, ("subset", "patients", "events"))})  # fmt: skip
    for name, title, by, text in (
        ("bounds", "If outcomes that could not be assessed were known",
         ("not_assessed", "patients", "events"), _TEXT["bounds"]),
        ("definitions", "The same risks against every label definition",
         ("definition", "patients", "events", "not_assessed"), _TEXT["definitions"]),
    ):  # fmt: skip
        if len(tables[name]):
            found.append({"title": title, "text": text, "rows": wide(tables[name], by)})
    if len(tables["alarms"]):
        found.append({"title": "Alarms at thresholds", "text": _TEXT["alarms"],
                      "rows": _alarms(tables["alarms"])})  # fmt: skip
    if len(tables["alarm_policy"]):
        said = f"{evaluation.about.get('groups', '')} {_TEXT['policy']}".strip()
        found.append({"title": "Alarm policy: limits, rules and what they are for", "text": said,
                      "rows": _policy(tables["alarm_policy"])})  # fmt: skip
    timed = tables["time_dependent"]
    if len(timed):
        own = timed[timed["model"] == main]
        by = ("landmark_day", "by_day", "patients", "cases")
        found.append({"title": "Over time, with censoring weights", "text": _TEXT["time"],
                      "rows": wide(own, by, ("auc", "brier", "scaled_brier"))})  # fmt: skip
    return found


_TEXT = {
    "optimism": "Apparent: the model on the patients that it was fitted to. Optimism: what looking "
    "at them was worth, on draws of patients with replacement. Outside: on patients not drawn. "
    "Point 632: the .632+ estimate between apparent and outside.",
    "lead": "Rule-made onsets are seen at the next draw, and early features hold some of the "
    "rule's own analytes: the figures without onsets that follow closely show how much is "
    "prediction rather than detection.",
    "bounds": "Outcomes that could not be assessed count above as far as they were watched. Here "
    "they are left out, then all of them count as events, and then all as none: the truth lies "
    "between the last two.",
    "definitions": "Rows are patients at risk both by the model's own labels and by the definition "
    "named. The risks do not change.",
    "alarms": "Per patient: alarmed when the risk reaches the threshold at any prediction time "
    "while at risk.",
    "policy": "Each limit is meant for an action, and is worth it only where its net benefit lies "
    "above 0 and above that of alarming everybody, over the whole range of harm to benefit that "
    "people may give the action. The range is an assumption of the policy's file. An alarm that "
    "goes on counts once; the first alarm is the one that somebody hears. Information for an "
    "evaluation: no action is directed.",
    "time": "AUC of those with an onset by the day against those without; Brier score at the "
    "horizon, where the risks belong.",
}


def _inline(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def page(evaluation: Evaluation, pictures: Mapping[str, str]) -> str:
    """The report as HTML, its pictures (SVG, by name) inside it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    about = evaluation.about
    counts: Any = about["counts"]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        about=about,
        counts=counts,
        research_use=RESEARCH_USE,
        palette=Markup(css_palette()),
        caption=caption(evaluation),
        pictures=[
            {"title": TITLES[name], "source": _inline(svg), "text": _READING[name]}
            for name, svg in pictures.items()
        ],
        sections=_sections(evaluation),
    )
