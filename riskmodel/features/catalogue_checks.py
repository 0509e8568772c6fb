"""What an entry of the catalogue may hold: every fault of it at once, in words."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    Field,
    ValidationInfo,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)

from riskmodel.cohort import (
    EVENT_NAMES,
    PATIENT_CHOICES,
    PATIENT_FLAGS,
    PATIENT_NUMBERS,
    analytes,
    products,
)
from riskmodel.criteria import COMPARISONS
from riskmodel.features.builders.registry import BUILDERS
from riskmodel.features.feature import END, Closed, Feature, Stage, parse_window
from riskmodel.toml_model import Fault, Table, faults, holds, must, refuse

_TYPES = {"str": "a text", "bool": "true or false", "dict": "a table"}
_ANY_BUILDER = ("floor",)
_SUBJECTS: Mapping[str, Callable[[], Collection[str]]] = {
    "analyte": analytes,
    "event": lambda: EVENT_NAMES,
    "number": lambda: PATIENT_NUMBERS,
    "flag": lambda: PATIENT_FLAGS,
    "choice": lambda: PATIENT_CHOICES,
}
"""What `of` may name, by what a builder reads."""


def _known(names: Callable[[], Collection[str]]) -> WrapValidator:
    return must("known", lambda name: name in names())


def _choice(column: str) -> WrapValidator:
    return _known(lambda: PATIENT_CHOICES[column])


Measure = Literal[
    "marrow_blasts_percent",
    "metabolic_tumor_volume_ml",
    "sum_product_diameters_cm2",
    "m_protein_g_per_l",
    "ldh",
]
_MEASURES = get_args(Measure)
Filled = Annotated[str, Field(min_length=1)]
Number = Annotated[float, must("a number", math.isfinite)]
Positive = Annotated[float, must("a positive number", lambda value: 0 < value < math.inf)]
Rising = Annotated[
    list[Number], must("two rising numbers", lambda ends: len(ends) == 2 and ends[0] < ends[1])
]
Texts = Annotated[list[str], must("a list of texts", bool)]
Analyte = Annotated[str, _known(analytes)]
Analytes = Annotated[list[Analyte], must("a list of known analytes", bool)]
ByAnalyte = Annotated[dict[Analyte, Positive], must("positive numbers by analyte")]


class _Start(Table):
    within: Positive
    usual: Annotated[Number, Field(le=0)]


class _Points(Table):
    analyte: Analyte
    comparison: Annotated[str, _known(lambda: COMPARISONS)]
    threshold: Number
    points: Number


class _Series(Table):
    share: Annotated[float, Field(gt=0, lt=1)]
    product: str = ""
    target: str = ""
    disease: str = ""

    @model_validator(mode="after")
    def _says_whose(self) -> "_Series":
        if len(self.model_fields_set) < 2:
            raise refuse("of somebody")
        return self


PARAMETERS: Mapping[str, Any] = {
    **dict.fromkeys(
        ("floor", "span", "rate", "fall", "day", "none", "gap", "level", "quiet", "inverse"), Number
    ),
    "values": Texts,
    "signs": Texts,
    "events": Annotated[
        list[Annotated[str, _known(lambda: EVENT_NAMES)]], must("a list of known events", bool)
    ],
    "times": Analytes,
    "over": Analytes,
    "per": ByAnalyte,
    "floors": ByAnalyte,
    "lymphodepletion": Annotated[_Start, must("hours 'within' above 0 and 'usual' not above 0")],
    "rows": Annotated[
        list[_Points], must("rows of a known analyte, a comparison, a threshold and points", bool)
    ],
    "series": Annotated[
        list[_Series], must("series with a share and a product, target or disease", bool)
    ],
    "product": Annotated[
        str,
        must("the generic name of a known product", lambda n: n in [p.name for p in products()]),
    ],
    "log": Annotated[list[Measure], must(f"a list of {', '.join(_MEASURES)}")],
    "order": Annotated[
        dict[Annotated[str, _choice("disease")], list[Measure | Literal["tumor_burden"]]],
        must("lists of known measures by disease, one of them 'other'", lambda o: "other" in o),
    ],
    "scale": Annotated[
        dict[Measure, Rising],
        must(f"two rising numbers for each of {', '.join(_MEASURES)}", lambda s: len(s) == 5),
    ],
    "category": Annotated[
        dict[Annotated[str, _choice("tumor_burden")], Annotated[float, Field(ge=0, le=1)]],
        must("low, intermediate and high from 0 to 1", lambda placed: len(placed) == 3),
    ],
    "statistic": Annotated[Literal["last", "highest"], must("last or highest")],
    "rule_by_target": Annotated[
        dict[Annotated[str, _choice("target_antigen")], Literal["level", "rate"]],
        must("level or rate by target antigen"),
    ],
}
"""What each parameter must be, whichever builder reads it."""
_Parameters = create_model(  # type: ignore[call-overload]
    "_Parameters", __base__=Table, **{key: (kind, None) for key, kind in PARAMETERS.items()}
)
_EFFECT = must("'evidence' has a mean or sd that is not a number", math.isfinite)
_ALLOWED = must("'evidence' has a 'per' or 'basis' that is not allowed")


class _Evidence(Table):
    mean: Annotated[float, _EFFECT]
    sd: Annotated[
        float, _EFFECT, holds("'evidence' has an sd that is not positive", lambda sd: sd > 0)
    ]
    per: Annotated[Literal["unit", "sd"], _ALLOWED]
    basis: Annotated[Literal["published", "convention"], _ALLOWED]


class Entry(Table):
    """One ``[[feature]]`` of the catalogue. What `must` says of its keys is a whole sentence."""

    name: Annotated[
        str,
        must(
            "'name' is not lower-case words joined by underscores",
            re.compile(r"[a-z][a-z0-9_]*").fullmatch,
        ),
    ]
    stage: Annotated[Stage, must("stage is not one of pre_infusion, early")]
    builder: Annotated[
        str, must(f"builder is not one of {', '.join(sorted(BUILDERS))}", BUILDERS.__contains__)
    ]
    of: str = ""
    window: Annotated[
        list[str],
        must(
            "'window' is not two ends such as 'infusion-168h', 'infusion', 'prediction-48h' or "
            "'prediction'",
            lambda ends: len(ends) == 2 and all(map(END.match, ends)),
        ),
    ]
    closed: Annotated[Closed, must("'closed' is none of both, left, right, neither")]
    unit: Filled
    range: Annotated[Rising, must("'range' is not two rising numbers")]
    direction: Annotated[float, must("'direction' is not -1, 0 or 1", (-1, 0, 1).__contains__)]
    group: Filled
    label: Filled
    source: Filled
    transform: Annotated[
        Literal["", "log10", "log2", "log10_plus_1"],
        must("'transform' is none of log10, log2, log10_plus_1"),
    ] = ""
    role: Annotated[Literal["", "clock", "severity"], must("'role' is none of clock, severity")] = (
        ""
    )
    evidence: _Evidence | None = None
    parameters: dict[str, Any] = Field(default={})
    model: bool = True
    unverified: bool = False

    @field_validator("closed")
    @classmethod
    def _before_the_prediction(cls, closed: Closed, info: ValidationInfo) -> Closed:
        if "window" in info.data:
            window = parse_window(info.data["window"], closed)
            (start, first), (end, last) = window.start, window.end
            if window.reaches_past_prediction:
                raise refuse("its window ends after the prediction time")
            if start == end and (first > last or (first == last and closed != "both")):
                raise refuse("its window is empty")
        return closed

    @field_validator("role")
    @classmethod
    def _severity_has_a_direction(cls, role: str, info: ValidationInfo) -> str:
        if role == "severity" and info.data.get("direction") == 0:
            raise refuse("'role' is severity and 'direction' is 0")
        return role

    @field_validator("evidence")
    @classmethod
    def _of_one_direction(cls, evidence: _Evidence, info: ValidationInfo) -> _Evidence:
        if evidence.mean * info.data.get("direction", 0) < 0:
            raise refuse("'evidence' points against 'direction'")
        return evidence


def read_entry(entry: Mapping[str, Any]) -> Feature:
    """The feature of a ``[[feature]]`` without faults."""
    read = Entry.model_validate(entry)
    same = {f.name for f in fields(Feature)} & set(Entry.model_fields) - {"window", "direction"}
    given: dict[str, Any] = {name: getattr(read, name) for name in same}
    if (effect := read.evidence) is not None:
        given |= {"evidence_mean": effect.mean, "evidence_sd": effect.sd}
        given |= {"evidence_scale": effect.per, "evidence_basis": effect.basis}
    return Feature(
        window=parse_window(read.window, read.closed),
        minimum=read.range[0],
        maximum=read.range[1],
        direction=int(read.direction),
        **given,
    )


def entry_faults(entry: Mapping[str, Any]) -> list[str]:
    """Every fault of one ``[[feature]]``; none for one that can be built."""
    found = list(dict.fromkeys(_sentence(fault) for fault in faults(Entry, entry)))
    name, of, given = entry.get("builder"), entry.get("of", ""), entry.get("parameters", {})
    builder = BUILDERS.get(name) if isinstance(name, str) else None
    if builder is None or not isinstance(given, Mapping):
        return found
    of = of if isinstance(of, str) else ""
    if builder.reads and of not in _SUBJECTS[builder.reads]():
        what = builder.reads if builder.reads in ("analyte", "event") else "patient column"
        found.append(f"'of' is not a known {what} of builder '{name}'")
    if not builder.reads and of:
        found.append(f"builder '{name}' reads no 'of'")
    known = (*builder.needs, *builder.takes, *_ANY_BUILDER)
    found += [f"'parameters.{key}' is missing" for key in builder.needs if key not in given]
    found += [
        f"'parameters.{key}' is not read by builder '{name}'" for key in given if key not in known
    ]
    wrong = faults(_Parameters, {key: given[key] for key in given if key in known})
    found += [f"'parameters.{fault.key}' is not {fault.words}" for fault in wrong]
    choices = PATIENT_CHOICES.get(of, ()) if builder.reads == "choice" else ()
    if choices and not wrong and not set(given.get("values", ())) <= set(choices):
        found.append(f"'parameters.values' are not all among {', '.join(choices)}")
    return found


def _sentence(fault: Fault) -> str:
    if fault.path[0] == "evidence" and (fault.kind != "wrong" or fault.words == "dict"):
        return "'evidence' needs mean, sd, per and basis, and nothing else"
    needed = fault.key in Entry.model_fields and Entry.model_fields[fault.key].is_required()
    if fault.kind == "missing" or (needed and fault.seen == ""):
        return f"'{fault.key}' is missing"
    if fault.kind == "unknown":
        return f"'{fault.key}' is not a known key"
    return f"'{fault.key}' is not {_TYPES[fault.words]}" if fault.words in _TYPES else fault.words
