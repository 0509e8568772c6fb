"""What explains a label row: which rule held, whose limit of normal was used, what is doubtful."""

import numpy as np

from riskmodel.arrays import Codes, Flags, States, Texts
from riskmodel.cohort import analytes
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.evaluation import Standing
from riskmodel.criteria.signs.sign import FROM_DEFAULT, ULN_SOURCES, Sign


def series_shown(sign: Sign, states: States, samples: tuple[Codes, ...]) -> Codes:
    """Which series to show: the first whose own state is the sign's, -1 where there is none."""
    shown = np.full(len(states), -1, dtype=np.int64)
    for k in reversed(range(len(sign.series))):
        there = samples[k] >= 0
        there[there] = sign.series[k].state[samples[k][there]] == states[there]
        shown[there] = k
    return shown


def details(
    definition: Definition, judged: tuple[Sign, ...], standing: Standing
) -> dict[str, object]:
    """Columns beside the signs, the same for every definition.

    Returns
    -------
    dict
        ``ferritin_rule`` (which rule of the ferritin sign held), ``transaminases_analyte`` (which
        is shown), ``uln_source`` (whose limit of normal each result was held against),
        ``operational_rule`` (counts that the print leaves open, as used), ``unverified`` (what
        rests on memory: tables of the definition, and default limits of normal in use).
    """
    n = len(standing.states)
    rule, shown = _empty(n), _empty(n)
    source, unverified = _empty(n), _empty(n)
    unverified[:] = "; ".join(definition.unverified)
    for j, sign in enumerate(judged):
        samples = standing.samples[j]
        if sign.name == "ferritin":
            there = samples[0] >= 0
            words = np.array(sign.series[0].rules or ("",), dtype=object)
            rule[there] = words[sign.series[0].detail[samples[0][there]]]
        if sign.name == "transaminases":
            order = series_shown(sign, standing.states[:, j], samples)
            for k, series in enumerate(sign.series):
                shown[order == k] = series.name
        for series, position in zip(sign.series, samples, strict=True):
            if series.uln is None:
                continue
            used = np.zeros(n, dtype=np.int8)
            used[position >= 0] = series.uln[position[position >= 0]]
            for code, word in ULN_SOURCES.items():
                _append(source, used == code, f"{series.name}: {word}")
            entry = analytes()[series.name]
            if entry.uln is None or entry.uln_unverified:
                _append(unverified, used == FROM_DEFAULT, f"default ULN of {series.name}")
    return {
        "ferritin_rule": rule,
        "transaminases_analyte": shown,
        "uln_source": source,
        "operational_rule": np.full(n, definition.operational_rule, dtype=object),
        "unverified": unverified,
    }


def _empty(n: int) -> Texts:
    return np.full(n, "", dtype=object)


def _append(words: Texts, rows: Flags, text: str) -> None:
    joint = np.where(words[rows] == "", "", "; ").astype(object)
    words[rows] = words[rows] + joint + text
