"""A centre's own codes: the small TOML file that `--mapping` names, read beside the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from riskmodel.cohort.units import analytes
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

_TABLES: Mapping[str, type] = {"infusion": dict, "analytes": dict, "source": dict}
_INFUSION = {"codes": str, "names": str, "omop": int}
_SOURCE = ("schema", "vocabulary_schema")


@dataclass(frozen=True)
class CodeMapping:
    """Codes of one centre, added to the defaults.

    Attributes
    ----------
    infusion_codes : tuple of str
        Procedure or drug codes that mean a CAR-T infusion.
    infusion_names : tuple of str
        Product names that mean one, as part of a drug's or procedure's text.
    infusion_omop : tuple of int
        OMOP concept ids of a CAR-T infusion or product.
    analytes : mapping of str to str
        Analyte by code of the source (a local laboratory code).
    analytes_omop : mapping of int to str
        Analyte by OMOP concept id.
    schema, vocabulary_schema : str or None
        Database schemas of the clinical tables and of ``concept``.
    """

    infusion_codes: tuple[str, ...] = ()
    infusion_names: tuple[str, ...] = ()
    infusion_omop: tuple[int, ...] = ()
    analytes: Mapping[str, str] = field(default_factory=dict)
    analytes_omop: Mapping[int, str] = field(default_factory=dict)
    schema: str | None = None
    vocabulary_schema: str | None = None


def _lists(table: Mapping[str, Any], allowed: Mapping[str, type], faults: list[str]) -> None:
    for key, value in table.items():
        kind = allowed.get(key)
        if kind is None:
            faults.append(f"[infusion] has '{key}' (allowed: {', '.join(allowed)})")
        elif not isinstance(value, list) or not all(type(item) is kind for item in value):
            faults.append(f"[infusion] {key} is not a list of {kind.__name__}")


def load_mapping(path: Path | None) -> CodeMapping:
    """Read a mapping file; without one, an empty mapping.

    Parameters
    ----------
    path : Path or None
        TOML with the tables ``[infusion]`` (lists ``codes``, ``names``, ``omop``), ``[analytes]``
        (analyte = list of source codes as text and of OMOP concept ids as numbers) and
        ``[source]`` (``schema``, ``vocabulary_schema``), each optional.

    Raises
    ------
    SchemaError
        When the file is absent or not TOML, or holds unknown keys: all of them at once.

    Examples
    --------
    >>> load_mapping(None).infusion_codes
    ()
    """
    if path is None:
        return CodeMapping()
    read = read_toml(path)
    faults = [f"table '{name}' is unknown" for name in read if name not in _TABLES]
    faults += [
        f"'{n}' is not a table" for n, k in _TABLES.items() if type(read.get(n, {})) is not k
    ]
    if not faults:
        _lists(read.get("infusion", {}), _INFUSION, faults)
        for name, codes in read.get("analytes", {}).items():
            if name not in analytes():
                faults.append(f"[analytes] has '{name}', which is no analyte of the contract")
            elif not isinstance(codes, list) or not all(type(c) in (str, int) for c in codes):
                faults.append(f"[analytes] {name} is not a list of codes")
        for name, value in read.get("source", {}).items():
            if name not in _SOURCE or not isinstance(value, str):
                faults.append(f"[source] has '{name}' (allowed, as text: {', '.join(_SOURCE)})")
    if faults:
        raise SchemaError(
            f"Mapping '{path}' cannot be used: {'; '.join(faults)}. Correct the file."
        )
    pairs = [(c, name) for name, codes in read.get("analytes", {}).items() for c in codes]
    infusion = read.get("infusion", {})
    return CodeMapping(
        infusion_codes=tuple(infusion.get("codes", ())),
        infusion_names=tuple(infusion.get("names", ())),
        infusion_omop=tuple(infusion.get("omop", ())),
        analytes={c: name for c, name in pairs if isinstance(c, str)},
        analytes_omop={c: name for c, name in pairs if isinstance(c, int)},
        **read.get("source", {}),
    )
