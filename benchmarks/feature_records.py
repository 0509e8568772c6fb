"""Made-up lab results as `Cohort.labs` holds them, in Parquet, and the features that all compute.

Each patient has panels drawn at the same minute for every analyte, from a week before the infusion
to day 13, as a random walk of each level; one result in fifty is reported as `>`. No two results
of an analyte share a time, so that the peers need not merge any.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ANALYTES = (
    "ferritin", "ldh", "ast", "alt", "bilirubin_total", "crp",
    "fibrinogen", "triglycerides", "platelets", "anc", "hemoglobin", "creatinine",
)  # fmt: skip
DRAWS = 20
LANDMARK = 168.0
FLOOR, SPAN, RATE, FALL = 1.0, 12.0, 100.0, 0.8
REBOUND = ("ferritin", "crp", "ldh")
COLUMNS = ["patient", "hours", "analyte", "value", "comparator"]
_PATIENTS_A_GROUP = 5_000

_SINCE = ["infusion", "prediction"]
_RECENT = ["prediction-72h", "prediction"]
_TWO_DAYS = ["prediction-48h", "prediction"]
_RISING = ["infusion-48h", "prediction"]
STATISTICS: dict[str, tuple[str, list[str], dict[str, float]]] = {
    "last": ("last_lab", _RECENT, {}),
    "baseline": ("last_lab", ["infusion-168h", "infusion"], {}),
    "fold": ("fold_change", _RECENT, {"floor": FLOOR}),
    "highest": ("highest", _SINCE, {}),
    "slope_48h": ("log_slope", _TWO_DAYS, {"floor": FLOOR, "span": SPAN}),
    "slope": ("log_slope", _SINCE, {"floor": FLOOR, "span": SPAN}),
    "doubling": ("doubling_time", _TWO_DAYS, {"floor": FLOOR, "span": SPAN}),
    "rise": ("greatest_rise", _RISING, {}),
    "hours_since": ("hours_since_draw", _SINCE, {}),
    "number": ("number_of_draws", _SINCE, {}),
    "above_limit": ("last_above_limit", _RECENT, {}),
}
"""Of every analyte: builder, window (both ends included) and parameters."""


def write(path: Path, patients: int, seed: int = 0) -> None:
    """Write the results of some patients, ordered by patient, time and analyte."""
    rng = np.random.default_rng(seed)
    schema = pa.schema(
        [
            ("patient", pa.int64()),
            ("hours", pa.float64()),
            ("analyte", pa.dictionary(pa.int8(), pa.string())),
            ("value", pa.float64()),
            ("comparator", pa.int8()),
        ]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for first in range(0, patients, _PATIENTS_A_GROUP):
            size = min(_PATIENTS_A_GROUP, patients - first)
            writer.write_table(pa.table(_columns(rng, first, size), schema=schema))


def _columns(rng: np.random.Generator, first: int, size: int) -> dict[str, object]:
    width = len(ANALYTES)
    minutes = np.sort(rng.integers(-168 * 60, 312 * 60, (size, DRAWS)), axis=1)
    minutes += np.arange(DRAWS)  # distinct
    start = rng.normal(5.0, 1.5, (size, 1, width))
    level = start + np.cumsum(rng.normal(0.0, 0.4, (size, DRAWS, width)), axis=1)
    value = np.exp(level).ravel()
    step = 10.0 ** (np.floor(np.log10(value)) - 3)
    rows = size * DRAWS * width
    codes = np.tile(np.arange(width, dtype=np.int8), size * DRAWS)
    return {
        "patient": np.repeat(np.arange(first, first + size, dtype=np.int64), DRAWS * width),
        "hours": np.repeat(minutes.ravel() / 60, width),
        "analyte": pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(ANALYTES)),
        "value": np.round(value / step) * step,
        "comparator": np.where(rng.random(rows) < 0.02, 2, 0).astype(np.int8),
    }


def shuffle(source: Path, target: Path, seed: int = 1) -> None:
    """Write the same results in a random order."""
    table = pq.read_table(source)
    order = np.random.default_rng(seed).permutation(len(table))
    pq.write_table(table.take(pa.array(order)), target, row_group_size=600_000)


def catalogue_text() -> str:
    """The features as a catalogue: 11 of each analyte, one more of ferritin, rebound of three."""
    wanted = [(name, analyte, *told) for analyte in ANALYTES for name, told in STATISTICS.items()]
    wanted.append(("hours_rising", "ferritin", "hours_of_rise", _RISING, {"rate": RATE}))
    rebound = {"floor": FLOOR, "fall": FALL}
    wanted += [("rebound", analyte, "rebound", _SINCE, rebound) for analyte in REBOUND]
    return "\n".join(_feature(*feature) for feature in wanted)


def _feature(
    name: str, analyte: str, builder: str, window: list[str], parameters: dict[str, float]
) -> str:
    shown = ", ".join(f"{key} = {value}" for key, value in parameters.items())
    return f"""[[feature]]
name = "{analyte}_{name}"
stage = "early"
builder = "{builder}"
of = "{analyte}"
window = ["{window[0]}", "{window[1]}"]
closed = "both"
unit = "its own"
range = [-1e300, 1e300]
direction = 0
group = "benchmark"
label = "{name} of {analyte}"
source = "benchmark"
parameters = {{ {shown} }}
"""
