"""What a batch was made of: input, models, options, counts. Never a patient's values."""

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd

from riskmodel import __version__
from riskmodel.criteria import load_definition
from riskmodel.features import LAST_LANDMARK_DAY
from riskmodel.models import RiskModel

PACKAGES = ("numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "xgboost")


def digest_of(content: Any) -> str:
    """SHA-256 of JSON content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def model_entry(model: RiskModel, given: str) -> dict[str, Any]:
    """A model as the manifest names it, with a digest of everything that makes its scores."""
    catalogue = str(model.catalogue.get("text", ""))
    found: dict[str, Any] = {
        "given": given,
        "name": model.name,
        "version": model.version,
        "stage": model.stage,
        "labels": model.labels,
        "definition": model.definition,
        "cytopenia_rule": model.cytopenia_rule,
        "horizon_days": float(model.horizon_days),
        "inputs": len(model.features),
        "simulated": model.card.simulated,
        "no_signal": model.card.no_signal,
        "catalogue_sha256": hashlib.sha256(catalogue.encode()).hexdigest(),
        "sha256": _weights_digest(model),
    }
    if model.labels != "adjudicated":
        found["definition_version"] = load_definition(model.definition).version
    return found


def _weights_digest(model: RiskModel) -> str:
    classifier = model.classifier
    digest = hashlib.sha256(repr((classifier.names_, classifier.calibration_)).encode())
    for array in (classifier.linear_coef_, classifier.bag_coef_, classifier.spread_):
        digest.update(array.tobytes())
    scale = classifier.scale_
    for known in (scale.reference, scale.spread, scale.known):
        digest.update(known.tobytes())
    for draws in classifier.bag_:
        for booster in draws:
            digest.update(bytes(booster.save_raw("ubj")))
    digest.update(repr((classifier.linear_intercept_, classifier.bag_weights_)).encode())
    return digest.hexdigest()


class Counts:
    """Rows by time, model and status, and their reasons, over the parts of a batch."""

    def __init__(self) -> None:
        self.rows = 0
        self.status: Counter[str] = Counter()
        self._groups: Counter[tuple[float | None, str, str, str]] = Counter()
        self._reasons: Counter[tuple[str, str]] = Counter()
        self._missing: Counter[tuple[float | None, str, str, int]] = Counter()

    def add(self, rows: pd.DataFrame) -> None:
        """Count score rows."""
        self.rows += len(rows)
        hours = rows["prediction_time_hours"]
        # Times after the last landmark are one group: there are as many as patients.
        timed = hours <= 24.0 * LAST_LANDMARK_DAY
        times = hours.astype(object).where(timed, None)
        self._groups.update(
            zip(times, rows["stage"], rows["model_name"], rows["status"], strict=True)
        )
        self.status.update(rows["status"])
        known = rows["risk"].notna() & rows["n_missing"].notna()
        of_risk = (times[known], rows.loc[known, "stage"], rows.loc[known, "model_name"])
        self._missing.update(zip(*of_risk, map(int, rows.loc[known, "n_missing"]), strict=True))
        pairs = Counter(zip(rows["status"], rows["findings"], strict=True))
        for (status, codes), count in pairs.items():
            for code in codes.split():
                self._reasons[(status, code)] += count

    def state(self) -> dict[str, Any]:
        """The counts in JSON types, to be added to others by `merge`."""
        return {
            "rows": self.rows,
            "status": dict(self.status),
            "groups": [[*key, count] for key, count in self._groups.items()],
            "reasons": [[*key, count] for key, count in self._reasons.items()],
            "missing": [[*key, count] for key, count in self._missing.items()],
        }

    def merge(self, state: Mapping[str, Any]) -> None:
        """Add what `state` gave elsewhere."""
        self.rows += state["rows"]
        self.status.update(state["status"])
        for *key, count in state["groups"]:
            self._groups[(key[0], key[1], key[2], key[3])] += count
        for *key, count in state["reasons"]:
            self._reasons[(key[0], key[1])] += count
        for *key, count in state["missing"]:
            self._missing[(key[0], key[1], key[2], key[3])] += count

    def entry(self) -> dict[str, Any]:
        """The counts as the manifest holds them."""

        def order(key: tuple[Any, ...]) -> tuple[Any, ...]:
            return (float("inf") if key[0] is None else key[0], *key[1:])

        times = [
            {"prediction_time_hours": key[0], "stage": key[1], "model": key[2], "status": key[3],
             "rows": self._groups[key]}
            for key in sorted(self._groups, key=order)
        ]  # fmt: skip
        reasons: dict[str, dict[str, int]] = {}
        for (status, code), count in sorted(self._reasons.items()):
            reasons.setdefault(status, {})[code] = count
        return {
            "rows": self.rows,
            "status": dict(sorted(self.status.items())),
            "by_time": times,
            "missing_inputs": self._missing_inputs(),
            "reasons": reasons,
        }

    def _missing_inputs(self) -> list[dict[str, Any]]:
        """How many inputs the rows with a risk lack: least, median and most, by time and model."""
        rows = pd.DataFrame(
            [(*key, count) for key, count in self._missing.items()],
            columns=["hours", "stage", "model", "missing", "count"],
        ).sort_values("missing")
        found = []
        for _, group in rows.groupby(["hours", "stage", "model"]):
            half = group["count"].cumsum() >= group["count"].sum() / 2
            found.append(
                {
                    "prediction_time_hours": float(group["hours"].iloc[0]),
                    "stage": group["stage"].iloc[0],
                    "model": group["model"].iloc[0],
                    "rows": int(group["count"].sum()),
                    "least": int(group["missing"].iloc[0]),
                    "median": int(group.loc[half, "missing"].iloc[0]),
                    "most": int(group["missing"].iloc[-1]),
                }
            )
        return found


def manifest(
    inputs: Mapping[str, Any],
    options: Mapping[str, Any],
    models: Sequence[Mapping[str, Any]],
    counts: Mapping[str, Any],
    rejected: pd.DataFrame,
    outputs: Mapping[str, Any],
    notes: Sequence[str],
    seconds: float,
) -> dict[str, Any]:
    """The manifest of a batch; on the same input and models only the duration differs."""
    told: Counter[tuple[str, str, str]] = Counter()
    for row in rejected.to_dict(orient="records"):
        told[(row["table"], row["column"], row["reason"])] += int(row["count"])
    return {
        "riskmodel": __version__,
        "input": dict(inputs),
        "options": dict(options),
        "models": [dict(model) for model in models],
        "counts": dict(counts),
        "rejected_input": [
            {"table": table, "column": column, "reason": reason, "rows": count}
            for (table, column, reason), count in sorted(told.items())
        ],
        "output": dict(outputs),
        "packages": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
        "notes": list(notes),
        "seconds": round(seconds, 3),
    }
