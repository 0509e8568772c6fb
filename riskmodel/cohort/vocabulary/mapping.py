"""A centre's own codes: the small TOML file that `--mapping` names, read beside the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from riskmodel.cohort.units import analytes
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml
from riskmodel.toml_model import Fault, Table, must, read

_Texts = Annotated[list[str], must("is not a list of texts")]


class _Infusion(Table):
    codes: _Texts = Field(default=[])
    names: _Texts = Field(default=[])
    omop: Annotated[list[int], must("is not a list of whole numbers")] = Field(default=[])


class _Source(Table):
    schema_: Annotated[str | None, Field(alias="schema"), must("is not a text")] = None
    vocabulary_schema: Annotated[str | None, must("is not a text")] = None


class _File(Table):
    infusion: _Infusion = _Infusion()
    analytes: dict[
        Annotated[str, must("is no analyte of the contract", lambda name: name in analytes())],
        Annotated[list[str | int], must("is not a list of codes")],
    ] = Field(default={})
    source: _Source = _Source()


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


def _sentence(fault: Fault) -> str:
    """A fault in words; pydantic marks a key of a table as such after the key itself."""
    key = ".".join(str(part) for part in fault.path if part != "[key]")
    if fault.kind == "unknown":
        table = _File.model_fields.get(str(fault.path[0])) if fault.path[1:] else None
        model = _File if table is None else type(table.default)
        allowed = [field.alias or name for name, field in model.model_fields.items()]
        return f"'{key}' is unknown (allowed: {', '.join(allowed)})"
    return f"'{key}' {'is not a table' if fault.words == 'dict' else fault.words}"


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

    def refused(found: list[Fault]) -> SchemaError:
        said = "; ".join(map(_sentence, found))
        return SchemaError(f"Mapping '{path}' cannot be used: {said}. Correct the file.")

    file = read(_File, read_toml(path), refused)
    pairs = [(code, name) for name, codes in file.analytes.items() for code in codes]
    return CodeMapping(
        infusion_codes=tuple(file.infusion.codes),
        infusion_names=tuple(file.infusion.names),
        infusion_omop=tuple(file.infusion.omop),
        analytes={code: name for code, name in pairs if isinstance(code, str)},
        analytes_omop={code: name for code, name in pairs if isinstance(code, int)},
        schema=file.source.schema_,
        vocabulary_schema=file.source.vocabulary_schema,
    )
