"""Watch a model in use: inputs, scores and, once outcomes are known, calibration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Floats
from riskmodel.cohort import Cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation import labelled, outcomes_after
from riskmodel.files import read_toml
from riskmodel.models import RiskModel, factor_key
from riskmodel.monitoring.calibration_drift import CalibrationDrift, calibration_drift
from riskmodel.monitoring.cusum import Reference, cumulative_sums, limits
from riskmodel.scoring import NotTrainedOn, OutsideRange, model_catalogue, score

RISK = "risk (log-odds)"
MISSING = "missing inputs"
OUTSIDE = "values outside the training range"
UNLIKE = "product, target or disease not trained on"
_LEAST_SPREAD = {RISK: 0.1, MISSING: 0.5}
_SHARE_SPREAD = 0.25
_EFFECT_SPREAD = 0.02
_KNOWN = ("event", "no_event", "competing")


@dataclass(frozen=True)
class Stream:
    """One thing that is watched.

    Attributes
    ----------
    name : str
    reference_mean, mean : float
    up, down : float64[n]
        Sums after each patient.
    limit : float
    alarm_after : int or None
        Number of the patient with whom a sum passed its limit.
    """

    name: str
    reference_mean: float
    mean: float
    up: Floats
    down: Floats
    limit: float
    alarm_after: int | None


@dataclass(frozen=True)
class Monitoring:
    """What was seen (`text` says it).

    Attributes
    ----------
    model : str
        Name and version.
    at : str
    patients, reference_patients : int
        With a risk.
    streams : tuple of Stream
    run : int
        Patients over which the false-alarm rate of inputs and scores holds.
    rate : float
    calibration : CalibrationDrift or None
        None without any known outcome.
    left_out : mapping of str to int
        Scored patients whose outcome is not known, by outcome.
    ordered_by_time : bool
        Whether all infusion times were known.
    notes : tuple of str
    """

    model: str
    at: str
    patients: int
    reference_patients: int
    streams: tuple[Stream, ...]
    run: int
    rate: float
    calibration: CalibrationDrift | None
    left_out: Mapping[str, int]
    ordered_by_time: bool
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def alarms(self) -> list[str]:
        """Names of what raised an alarm."""
        found = [s.name for s in self.streams if s.alarm_after is not None]
        if self.calibration is not None and self.calibration.alarm_after is not None:
            found.append("calibration")
        return found

    def table(self) -> pd.DataFrame:
        """One row per stream, and one for calibration."""
        rows: list[dict[str, Any]] = [
            {
                "watched": s.name,
                "reference": s.reference_mean,
                "here": s.mean,
                "highest_sum": max(s.up.max(initial=0.0), s.down.max(initial=0.0)),
                "limit": s.limit,
                "alarm_after_patient": s.alarm_after,
            }
            for s in self.streams
        ]
        if (found := self.calibration) is not None:
            rows.append(
                {
                    "watched": "calibration (observed / expected events, e-value)",
                    "reference": 1.0,
                    "here": found.ratio,
                    "highest_sum": found.evidence.max(initial=1.0),
                    "limit": found.limit,
                    "alarm_after_patient": found.alarm_after,
                }
            )
        frame = pd.DataFrame(rows)
        return frame.astype({"alarm_after_patient": "Int64"})


def read_reference(path: Path) -> pd.DataFrame:
    """Scores that `riskmodel score` wrote, to compare with.

    Raises
    ------
    SchemaError
        When the file is not a table of scores.
    """
    needed = ["prediction_time_hours", "status", "findings", "risk", "n_missing", "model_name"]
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except FileNotFoundError:
        raise SchemaError(f"Reference scores '{path}' do not exist.") from None
    except (ValueError, OSError):
        raise SchemaError(
            f"Reference scores '{path}' cannot be read as a table. Give what 'riskmodel score' "
            "wrote (.csv or .parquet)."
        ) from None
    absent = [name for name in needed if name not in frame]
    if absent:
        raise SchemaError(
            f"Reference scores '{path}' have no column {', '.join(absent)}. Give what 'riskmodel "
            "score' wrote; with --explain the inputs are watched by clinical factor."
        )
    return frame


def monitor(cohort: Cohort, model: RiskModel, reference: pd.DataFrame) -> Monitoring:
    """Compare the patients of a cohort, in the order of their infusions, with reference scores.

    Cumulative sums watch the risk, the missing inputs, values unlike the training data and, where
    the reference holds contributions, each clinical factor; a test by betting watches calibration.
    Both may be looked at after every patient.

    Parameters
    ----------
    cohort : Cohort
        Patients in use. Without infusion times they are taken in the order of their table.
    model : RiskModel
    reference : DataFrame
        Scores of this model on patients for whom it was found fit (`read_reference`).

    Raises
    ------
    SchemaError
        When the reference is of another model, of several prediction times, or too small.
    """
    settings = read_toml(Path(__file__).with_name("monitor.toml"))
    hours = _prediction_time(reference, model)
    at = "pre-infusion" if hours == 0 else f"day-{hours / 24:g}"
    old = reference[reference["risk"].notna()]
    fewest = settings["fewest_reference"]
    if len(old) < fewest:
        raise SchemaError(
            f"The reference holds {len(old)} scored patients. At least {fewest} are needed to say "
            "what is usual. Score a larger cohort."
        )
    scores = score(cohort, model, at, explain=True)
    order, by_time = _order(cohort)
    new = scores.iloc[order]
    new = new[new["risk"].notna()]
    parts = [str(c) for c in new.columns if str(c).startswith("contribution_")]
    factors = [c for c in parts if c in old and c != "contribution_base"]
    shown = {f"contribution_{factor_key(f.group)}": f.group for f in model_catalogue(model)}
    names, before = _watched(old, factors, shown)
    _, here = _watched(new, factors, shown)
    found = Reference(before, _least_spread(names))
    run = max(settings["patients"], len(here))
    allowance, largest = settings["allowance"], settings["largest_step"]
    limit = limits(
        found, run, allowance=allowance, largest_step=largest, rate=settings["false_alarm_rate"],
        drawings=settings["drawings"], seed=settings["seed"],
    )  # fmt: skip
    limit = np.maximum(limit, settings["least_limit"])
    up, down = cumulative_sums(found.standardised(here, largest), allowance)
    streams = tuple(
        Stream(
            name,
            float(before[:, k].mean()),
            float(here[:, k].mean()) if len(here) else float("nan"),
            up[:, k],
            down[:, k],
            float(limit[k]),
            _first_over(np.maximum(up[:, k], down[:, k]), float(limit[k])),
        )
        for k, name in enumerate(names)
    )
    calibration, left_out = _calibration(cohort, model, new, before[:, 0].mean(), settings)
    notes = [] if factors else [
        "The reference holds no contributions: score it with --explain to watch each factor."
    ]  # fmt: skip
    return Monitoring(
        f"{model.name} {model.version}", at, len(here), len(old), streams, run,
        settings["false_alarm_rate"], calibration, left_out, by_time, tuple(notes),
    )  # fmt: skip


def _prediction_time(reference: pd.DataFrame, model: RiskModel) -> float:
    names = sorted(set(reference["model_name"].dropna().astype(str)))
    if names != [model.name]:
        raise SchemaError(
            f"The reference holds scores of {', '.join(names) or 'no model'}, not of "
            f"'{model.name}'. Score the reference patients with this model."
        )
    hours = reference["prediction_time_hours"].dropna().unique()
    if len(hours) != 1:
        raise SchemaError(
            f"The reference holds {len(hours)} prediction times; one is needed. Keep the rows of "
            "one in the file."
        )
    return float(hours[0])


def _order(cohort: Cohort) -> tuple[Codes, bool]:
    times = cohort.patients["infusion_time"]
    known = bool(times.notna().all()) and len(times) > 0
    if not known:
        return np.arange(len(cohort)), False
    return np.argsort(times.to_numpy(), kind="stable").astype(np.int64), True


def _watched(
    scores: pd.DataFrame, factors: list[str], shown: Mapping[str, str]
) -> tuple[list[str], Floats]:
    """Names of the streams, and their values: float64[n, s]."""
    risk = np.clip(scores["risk"].to_numpy(np.float64), 1e-9, 1 - 1e-9)
    codes = [set(str(found).split()) for found in scores["findings"].fillna("")]
    columns = {
        RISK: np.log(risk / (1 - risk)),
        MISSING: scores["n_missing"].astype(np.float64).fillna(0.0).to_numpy(),
        OUTSIDE: np.array([OutsideRange.code in found for found in codes], dtype=np.float64),
        UNLIKE: np.array([NotTrainedOn.code in found for found in codes], dtype=np.float64),
    }
    for name in factors:
        columns[f"effect of {shown[name]}"] = scores[name].to_numpy(np.float64)
    return list(columns), np.column_stack(list(columns.values()))


def _least_spread(names: list[str]) -> Floats:
    shares = (OUTSIDE, UNLIKE)
    return np.array(
        [
            _SHARE_SPREAD if name in shares else _LEAST_SPREAD.get(name, _EFFECT_SPREAD)
            for name in names
        ]
    )


def _first_over(sums: Floats, limit: float) -> int | None:
    over = np.flatnonzero(sums > limit)
    return int(over[0]) + 1 if len(over) else None


def _calibration(
    cohort: Cohort, model: RiskModel, new: pd.DataFrame, centre: float, settings: Mapping[str, Any]
) -> tuple[CalibrationDrift | None, dict[str, int]]:
    """Outcomes of the scored patients beside their risks; those not known are counted."""
    labels = labelled(
        cohort, model.labels, model.definition, model.cytopenia_rule, model.horizon_days,
        model.least_grade,
    )  # fmt: skip
    hours = new["prediction_time_hours"].to_numpy(np.float64)
    outcome = outcomes_after(labels, new.index.to_numpy(np.int64), hours)
    names, counts = np.unique(outcome[~np.isin(outcome, _KNOWN)].astype(str), return_counts=True)
    left_out = {str(n): int(c) for n, c in zip(names, counts, strict=True)}
    known = np.isin(outcome, _KNOWN)
    if not known.any():
        return None, left_out
    risk = np.clip(new["risk"].to_numpy(np.float64)[known], 1e-9, 1 - 1e-9)
    found = calibration_drift(
        np.log(risk / (1 - risk)), (outcome[known] == "event").astype(np.float64), float(centre),
        shifts=settings["shifts"], slopes=settings["slopes"], rate=settings["false_alarm_rate"],
    )  # fmt: skip
    return found, left_out
