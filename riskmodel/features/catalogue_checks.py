"""What is wrong with an entry of the catalogue: every fault of it, in words."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from riskmodel.cohort import (
    EVENT_NAMES,
    PATIENT_CHOICES,
    PATIENT_FLAGS,
    PATIENT_NUMBERS,
    analytes,
    products,
)
from riskmodel.criteria import COMPARISONS
from riskmodel.errors import SchemaError
from riskmodel.features.window import parse_window

STAGES = ("pre_infusion", "early")
NEEDED = ("name", "stage", "builder", "window", "closed", "unit", "range", "direction", "group",
          "label", "source")  # fmt: skip
OPTIONAL = ("of", "transform", "evidence", "parameters", "model", "unverified", "role")
TRANSFORMS = ("", "log10", "log2", "log10_plus_1")
ROLES = ("", "clock", "severity")
BASES = ("published", "convention")
_TEXTS = ("name", "stage", "builder", "of", "closed", "unit", "transform", "group", "label",
          "source")  # fmt: skip
_ANY_BUILDER = ("floor",)


class Reader(Protocol):
    """What a fault finder asks of a builder."""

    @property
    def reads(self) -> str:
        """What `of` names: analyte, event, number, flag or choice; empty where nothing."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Parameters without which it cannot build."""

    @property
    def takes(self) -> tuple[str, ...]:
        """Parameters that it reads where they are given."""


def faults(entry: Mapping[str, Any], builders: Mapping[str, Reader]) -> list[str]:
    """Every fault of one ``[[feature]]``; none for one that can be built."""
    found = [f"'{key}' is missing" for key in NEEDED if entry.get(key) in (None, "")]
    found += [f"'{key}' is not a known key" for key in entry if key not in (*NEEDED, *OPTIONAL)]
    found += [f"'{key}' is not a text" for key in _TEXTS if not isinstance(entry.get(key, ""), str)]
    found += _builder_faults(entry, builders)
    found += _window_faults(entry)
    found += _scale_faults(entry)
    found += _evidence_faults(entry.get("evidence"), entry.get("direction"))
    for key in ("model", "unverified"):
        if not isinstance(entry.get(key, False), bool):
            found.append(f"'{key}' is not true or false")
    return found


def _builder_faults(entry: Mapping[str, Any], builders: Mapping[str, Reader]) -> list[str]:
    name = entry.get("builder")
    builder = builders.get(name) if isinstance(name, str) else None
    if builder is None:
        return [f"builder is not one of {', '.join(sorted(builders))}"]
    allowed: Mapping[str, Collection[str]] = {
        "analyte": analytes(),
        "event": EVENT_NAMES,
        "number": PATIENT_NUMBERS,
        "flag": PATIENT_FLAGS,
        "choice": PATIENT_CHOICES,
    }
    subject, found = entry.get("of", ""), []
    if builder.reads in allowed and not _one_of(allowed[builder.reads], subject):
        what = builder.reads if builder.reads in ("analyte", "event") else "patient column"
        found.append(f"'of' is not a known {what} of builder '{name}'")
    if not builder.reads and subject != "":
        found.append(f"builder '{name}' reads no 'of'")
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, Mapping):
        return [*found, "'parameters' is not a table"]
    found += [f"'parameters.{key}' is missing" for key in builder.needs if key not in parameters]
    known = (*builder.needs, *builder.takes, *_ANY_BUILDER)
    for key, value in parameters.items():
        check, allowed_text = _PARAMETERS.get(key, (_number, "a number"))
        if key not in known:
            found.append(f"'parameters.{key}' is not read by builder '{name}'")
        elif not check(value):
            found.append(f"'parameters.{key}' is not {allowed_text}")
    values = parameters.get("values", [])
    if builder.reads == "choice" and _texts(values):
        choices = PATIENT_CHOICES.get(str(subject), ())
        if choices and not set(values) <= set(choices):
            found.append(f"'parameters.values' are not all among {', '.join(choices)}")
    return found


def _window_faults(entry: Mapping[str, Any]) -> list[str]:
    ends = entry.get("window", [])
    try:
        window = parse_window(ends if isinstance(ends, list) else [], str(entry.get("closed", "")))
    except SchemaError as error:
        return [str(error).rstrip(".")]
    if window.reaches_past_prediction(str(entry.get("stage"))):
        return ["its window ends after the prediction time"]
    (start, first), (end, last) = window.start, window.end
    empty = first >= last if window.closed != "both" else first > last
    return ["its window is empty"] if start == end and empty else []


def _scale_faults(entry: Mapping[str, Any]) -> list[str]:
    found = []
    if entry.get("stage") not in STAGES:
        found.append(f"stage is not one of {', '.join(STAGES)}")
    if not _rising(entry.get("range")):
        found.append("'range' is not two rising numbers")
    direction = entry.get("direction")
    if isinstance(direction, bool) or direction not in (-1, 0, 1):
        found.append("'direction' is not -1, 0 or 1")
    if entry.get("role", "") not in ROLES:
        found.append(f"'role' is none of {', '.join(ROLES[1:])}")
    if entry.get("role") == "severity" and direction == 0:
        found.append("'role' is severity and 'direction' is 0")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", str(entry.get("name", ""))):
        found.append("'name' is not lower-case words joined by underscores")
    if entry.get("transform", "") not in TRANSFORMS:
        found.append(f"'transform' is none of {', '.join(TRANSFORMS[1:])}")
    return found


def _evidence_faults(evidence: Any, direction: Any) -> list[str]:
    if evidence is None:
        return []
    if not isinstance(evidence, Mapping) or set(evidence) != {"mean", "sd", "per", "basis"}:
        return ["'evidence' needs mean, sd, per and basis, and nothing else"]
    if evidence["per"] not in ("unit", "sd") or evidence["basis"] not in BASES:
        return ["'evidence' has a 'per' or 'basis' that is not allowed"]
    if not (_number(evidence["mean"]) and _number(evidence["sd"])):
        return ["'evidence' has a mean or sd that is not a number"]
    found = []
    if not evidence["sd"] > 0:
        found.append("'evidence' has an sd that is not positive")
    if _number(direction) and evidence["mean"] * direction < 0:
        found.append("'evidence' points against 'direction'")
    return found


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _rising(value: Any) -> bool:
    two = isinstance(value, list) and len(value) == 2 and all(map(_number, value))
    return two and bool(value[0] < value[1])


def _one_of(allowed: Collection[str], name: Any) -> bool:
    return isinstance(name, str) and name in allowed


def _names_of(allowed: Callable[[], Collection[str]]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        return isinstance(value, list) and bool(value) and all(_one_of(allowed(), n) for n in value)

    return check


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) for text in value)


def _by_analyte(value: Any) -> bool:
    names = isinstance(value, Mapping) and all(name in analytes() for name in value)
    return names and all(_number(entry) and entry > 0 for entry in value.values())


def _lymphodepletion(value: Any) -> bool:
    keys = isinstance(value, Mapping) and set(value) == {"within", "usual"}
    return (
        keys and _number(value["within"]) and _number(value["usual"])
        and value["within"] > 0 >= value["usual"]
    )  # fmt: skip


def _series(value: Any) -> bool:
    """Series of patients: a share between 0 and 1, and at least one column that says whose."""
    columns = {"product", "target", "disease"}
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, Mapping) for row in value)
        and all({"share"} < set(row) <= {"share", *columns} for row in value)
        and all(_number(row["share"]) and 0 < row["share"] < 1 for row in value)
        and all(isinstance(row[key], str) for row in value for key in columns & set(row))
    )


def _rows(value: Any) -> bool:
    keys = {"analyte", "comparison", "threshold", "points"}
    return isinstance(value, list) and bool(value) and all(
        isinstance(row, Mapping) and set(row) == keys and _one_of(analytes(), row["analyte"])
        and row["comparison"] in COMPARISONS and _number(row["threshold"])
        and _number(row["points"])
        for row in value
    )  # fmt: skip


_MEASURES: Sequence[str] = (
    "marrow_blasts_percent",
    "metabolic_tumor_volume_ml",
    "sum_product_diameters_cm2",
    "m_protein_g_per_l",
    "ldh",
)


def _measures(value: Any) -> bool:
    return isinstance(value, list) and all(name in _MEASURES for name in value)


def _orders(value: Any) -> bool:
    return isinstance(value, Mapping) and "other" in value and all(
        disease in PATIENT_CHOICES["disease"] and isinstance(order, list)
        and all(name in (*_MEASURES, "tumor_burden") for name in order)
        for disease, order in value.items()
    )  # fmt: skip


def _scales(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == set(_MEASURES) and all(
        map(_rising, value.values())
    )  # fmt: skip


def _categories(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == set(PATIENT_CHOICES["tumor_burden"]) and (
        all(_number(entry) and 0 <= entry <= 1 for entry in value.values())
    )  # fmt: skip


def _rules(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        target in PATIENT_CHOICES["target_antigen"] and rule in ("level", "rate")
        for target, rule in value.items()
    )


_PARAMETERS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "values": (_texts, "a list of texts"),
    "signs": (_texts, "a list of texts"),
    "events": (_names_of(lambda: EVENT_NAMES), "a list of known events"),
    "times": (_names_of(analytes), "a list of known analytes"),
    "over": (_names_of(analytes), "a list of known analytes"),
    "per": (_by_analyte, "positive numbers by analyte"),
    "floors": (_by_analyte, "positive numbers by analyte"),
    "lymphodepletion": (_lymphodepletion, "hours 'within' above 0 and 'usual' not above 0"),
    "rows": (_rows, "rows of a known analyte, a comparison, a threshold and points"),
    "series": (_series, "series with a share and a product, target or disease"),
    "product": (
        lambda value: value in [one.name for one in products()],
        "the generic name of a known product",
    ),
    "log": (_measures, f"a list of {', '.join(_MEASURES)}"),
    "order": (_orders, "lists of known measures by disease, one of them 'other'"),
    "scale": (_scales, f"two rising numbers for each of {', '.join(_MEASURES)}"),
    "category": (_categories, "low, intermediate and high from 0 to 1"),
    "statistic": (lambda value: value in ("last", "highest"), "last or highest"),
    "rule_by_target": (_rules, "level or rate by target antigen"),
}
"""What each parameter must be, and how that is said; any other is a number."""
