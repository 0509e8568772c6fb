"""Tables of the model card: who took part, what was missing, what each predictor does, and use."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags, Floats
from riskmodel.cohort import Cohort, product_name
from riskmodel.evaluation import MODEL, Evaluation, Examples, shown
from riskmodel.features import Catalogue
from riskmodel.models import RiskClassifier

FEWEST_TOLD = 5
"""Patients of a kind below which the card does not count them: so few could point at a person."""

_KINDS = {
    "product": "product",
    "target": "target_antigen",
    "disease": "disease",
    "sex": "sex",
}


def participants_table(cohort: Cohort, rows: Examples) -> str:
    """Patients with and without the event: age, sex, product, target, disease.

    Parameters
    ----------
    cohort : Cohort
    rows : Examples
        Of known outcome; a patient with an event in any row counts as one.
    """
    event = np.zeros(len(cohort.patients), dtype=bool)
    event[rows.patient[rows.y == 1]] = True
    present = np.unique(rows.patient)
    parts = [present[event[present]], present[~event[present]]]
    lines = [
        f"| | with the event ({len(parts[0])}) | without ({len(parts[1])}) |",
        "|---|---|---|",
    ]
    people = cohort.patients
    ages = [people["age_years"].to_numpy(np.float64)[part] for part in parts]
    lines.append(_line("age in years, median (quartiles)", [_quartiles(a) for a in ages]))
    for title, column in _KINDS.items():
        told = people[column].astype(object)
        if column == "product":
            told = told.map(product_name, na_action="ignore")
        values = told.where(told.notna(), "not stated").to_numpy(dtype=object)
        whole = pd.Series(values[present]).value_counts()
        kept = [str(name) for name in whole[whole >= FEWEST_TOLD].index.sort_values()]
        for name in kept:
            lines.append(_line(f"{title}: {name}", [_share(values[p] == name) for p in parts]))
        if len(kept) < len(whole):
            rare = [_share(~np.isin(values[part].astype(str), kept)) for part in parts]
            lines.append(_line(f"{title}: others, fewer than {FEWEST_TOLD} of each", rare))
    return "\n".join(lines)


def _line(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"


def _quartiles(values: Floats) -> str:
    seen = values[~np.isnan(values)]
    if len(seen) < FEWEST_TOLD:
        return "too few to tell"
    low, middle, high = np.quantile(seen, (0.25, 0.5, 0.75))
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def _share(among: Flags) -> str:
    if 0 < among.sum() < FEWEST_TOLD:
        return f"fewer than {FEWEST_TOLD}"
    return f"{int(among.sum())} ({among.mean():.0%})" if len(among) else "0"


def predictors_table(classifier: RiskClassifier, features: Catalogue, X: pd.DataFrame) -> str:
    """Every predictor: how often it is missing, and what it does in the linear part and the trees.

    The coefficient is the log-odds per original unit: ``b * coef / spread``, the calibration
    slope included. It acts on the difference from the reference, up to five standard deviations.
    The mean size is that of the whole contribution, trees included, in log-odds.
    """
    slope = classifier.calibration_[1]
    parts = classifier.contributions(X[features.names])
    lines = [
        "| predictor | unit | missing | reference | log-odds per unit | mean size |",
        "|---|---|---|---|---|---|",
    ]
    for j, feature in enumerate(features):
        each = slope * classifier.linear_coef_[j] / classifier.scale_.spread[j]
        usual = classifier.scale_.reference[j] if classifier.scale_.known[j] else np.nan
        cells = [
            feature.unit,
            f"{X[feature.name].isna().mean():.1%}",
            "none" if np.isnan(usual) else f"{usual:.3g}",
            f"{each:+.3g}",
            f"{parts[feature.name].abs().mean():.3f}",
        ]
        lines.append(_line(feature.label, cells))
    return "\n".join(lines)


def net_benefit_table(evaluation: Evaluation, thresholds: Sequence[float]) -> str:
    """Net benefit of acting at some risks: the model, its peers, treating all."""
    table = evaluation.tables["decision"]
    heads = [f"at {threshold:.0%}" for threshold in thresholds]
    lines = [
        f"| net benefit per 100 predictions | {' | '.join(heads)} |",
        "|" + "---|" * (1 + len(heads)),
    ]
    for name, part in table.groupby("model", sort=False):
        cells = []
        for threshold in thresholds:
            row = part[np.isclose(part["threshold"], threshold)].iloc[0]
            cells.append(_hundredfold(row["net_benefit"], row["low"], row["high"]))
        lines.append(_line(str(name), cells))
    return "\n".join(lines)


def _hundredfold(*figures: float) -> str:
    return shown(*(100 * figure for figure in figures))


def calibration_table(evaluation: Evaluation) -> str:
    """Predicted and observed shares in groups of rising risk."""
    groups = evaluation.tables["calibration_groups"]
    if groups.empty:
        return "Too few patients for groups of risk."
    lines = ["| risk group | rows | predicted | observed |", "|---|---|---|---|"]
    for number, row in enumerate(groups.to_dict(orient="records"), 1):
        observed = shown(row["observed"], row["low"], row["high"])
        lines.append(f"| {number} | {row['rows']} | {row['predicted']:.3f} | {observed} |")
    return "\n".join(lines)


def beside_ridge(evaluation: Evaluation) -> str:
    """Whether the model tells more than a ridge logistic on the same columns, in a sentence."""
    table = evaluation.tables.get("beside_ridge")
    if table is None or table.empty:
        return "No ridge logistic was fitted beside it."
    columns = ["difference", "difference_low", "difference_high"]
    difference, low, high = table.loc[table["metric"] == "log_loss", columns].to_numpy()[0]
    told = f"{difference:+.4f}"
    told += "" if np.isnan(low) else f" ({low:+.4f} to {high:+.4f})"
    if np.isnan(low):
        verdict = "Chance was not measured."
    elif low > 0:
        verdict = "The model tells more."
    elif high < 0:
        verdict = "**Ridge tells more here.**"
    else:
        verdict = "The two do not differ beyond chance here: ridge would do as well."
    return (
        f"A ridge logistic on the same columns, less {MODEL}, in log-loss on the same held-out "
        f"rows: {told} (paired; above 0 ridge is worse). {verdict}"
    )
