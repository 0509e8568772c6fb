"""The labs table: results as centres write them, with their units, limits and references."""

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Floats, Texts
from riskmodel.simulation.latent import Patients
from riskmodel.simulation.schedule import Draws, Results
from riskmodel.simulation.settings import Settings

COLUMNS = (
    "patient_id",
    "hours_from_infusion",
    "analyte",
    "value",
    "comparator",
    "unit",
    "reference_low",
    "reference_high",
)


def _numerals(values: Floats, decimals: int) -> Texts:
    """Numbers as text; equal numbers are written once."""
    scaled = np.round(values * 10**decimals).astype(np.int64)
    distinct, position = np.unique(scaled, return_inverse=True)
    written = [f"{v / 10**decimals:.{decimals}f}" for v in distinct]
    return np.array(written, dtype=object)[position]


def _style(settings: Settings) -> Texts:
    if settings.world.units:
        return np.full(len(settings.charting["styles"]), settings.world.units, dtype=object)
    return np.array(settings.charting["styles"], dtype=object)


def _chart(settings: Settings, result: Results, center: Codes) -> dict[str, Texts]:
    """Value, comparator, unit and upper reference limit of one analyte's results."""
    styles, table = settings.charting["style"], settings.analytes.get(result.analyte, {})
    n = len(center)
    found = {
        name: np.full(n, "", dtype=object)
        for name in ("value", "comparator", "unit", "reference_high")
    }
    limits = settings.charting["upper_limit"].get(result.analyte)
    for k, style in enumerate(_style(settings)):
        rows = np.flatnonzero(center == k)
        unit, factor, decimals, least = styles[style].get(
            result.analyte, styles["common"][result.analyte]
        )
        charted = result.value[rows] * factor
        text = _numerals(np.maximum(charted, 0.0), decimals)
        sign = np.full(len(rows), "", dtype=object)
        under = charted < least
        text[under], sign[under] = f"{least:g}", "<"
        if limits and limits[k]:
            limit = limits[k] * factor
            over = charted > limit
            text[over], sign[over] = f"{limit:.{decimals}f}", ">"
        if k % 2:  # every other centre writes the sign into the value
            text, sign = sign + text, np.full(len(rows), "", dtype=object)
        found["value"][rows], found["comparator"][rows], found["unit"][rows] = text, sign, unit
        if "reference_high" in table and k % 3:
            upper = table["reference_high"][k % 4] * factor
            found["reference_high"][rows] = f"{upper:g}"
    return found


def chart_labs(
    settings: Settings, patients: Patients, draws: Draws, results: list[Results], ids: Texts
) -> pd.DataFrame:
    """Build the labs table, sorted by patient and time."""
    draw = np.concatenate([r.draw for r in results])
    kind = np.repeat(np.arange(len(results)), [len(r.draw) for r in results])
    charted = [_chart(settings, r, patients.center[draws.patient[r.draw]]) for r in results]
    order = np.lexsort((kind, draw))
    draw, kind = draw[order], kind[order]

    def column(name: str) -> Texts:
        return np.concatenate([c[name] for c in charted])[order]

    names = np.array([r.analyte for r in results], dtype=object)
    return pd.DataFrame(
        {
            "patient_id": ids[draws.patient[draw]],
            "hours_from_infusion": np.round(draws.day[draw] * 24, 1),
            "analyte": names[kind],
            "value": column("value"),
            "comparator": column("comparator"),
            "unit": column("unit"),
            "reference_low": "",
            "reference_high": column("reference_high"),
        },
        columns=list(COLUMNS),
    )
