"""What OMOP concept ids and source codes mean: analytes, units, diseases, drugs, infusions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.cohort.omop.source import Where
from riskmodel.cohort.source.acts import INFUSION, Meant, meant_by
from riskmodel.cohort.units import find_analyte, recorded, resolve, ucum
from riskmodel.cohort.vocabulary.clinical_names import (
    disease_of,
    treatment_codes,
    treatment_names,
)
from riskmodel.cohort.vocabulary.infusions import InfusionCodes
from riskmodel.cohort.vocabulary.mapping import CodeMapping
from riskmodel.cohort.vocabulary.products import product_names
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

_HERE = Path(__file__).parent
_VOCABULARY = _HERE.parent / "vocabulary"
_ICD10 = re.compile(r"^[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?$")


@cache
def codes() -> Mapping[str, Any]:
    """The tables of omop.toml."""
    return read_toml(_HERE / "omop.toml")


@cache
def _numbered(table: str) -> Mapping[int, str]:
    return {int(key): value for key, value in codes()[table].items()}


def operators() -> Mapping[int, str]:
    """Comparator by operator_concept_id."""
    return _numbered("operators")


@cache
def only_ordered() -> tuple[int, ...]:
    """Type concepts of records of orders and prescriptions: nothing was given by them."""
    return tuple(codes()["types"]["ordered"])


def sexes() -> Mapping[int, str]:
    """Sex by gender_concept_id."""
    return _numbered("sex")


def wanted_concepts(mapping: CodeMapping) -> Where:
    """Which rows of the concept table are of use."""
    vocabularies = [name for names in codes()["vocabularies"].values() for name in names]
    clinical = read_toml(_VOCABULARY / "clinical_names.toml")
    products = read_toml(_VOCABULARY / "products.toml")
    snomed = clinical["disease"]["snomed"].values()
    diseases = [n for names in products["synonyms"]["disease"].values() for n in names]
    drugs = [*treatment_names(), *mapping.infusion_names, *product_names()]
    return Where(
        among={
            "vocabulary_id": [name.upper() for name in vocabularies],
            "concept_name": [name.upper() for name in diseases],
            "concept_code": [
                *(code for listed in snomed if isinstance(listed, list) for code in listed),
                *treatment_codes(),
            ],
        },
        containing={"concept_name": [name.upper() for name in drugs]},
    )


@dataclass(frozen=True)
class Concepts:
    """The useful rows of a concept table, by id, and a centre's own codes.

    Attributes
    ----------
    table : DataFrame
        Index concept id (int64), columns ``vocabulary_id, concept_code, concept_name`` (text,
        empty where not given); empty where the source has no concept table.
    """

    table: pd.DataFrame
    mapping: CodeMapping
    _rows: dict[int, tuple[str, str, str]] = field(init=False)

    def __post_init__(self) -> None:
        rows = zip(self.table.index, self.table.itertuples(index=False, name=None), strict=True)
        object.__setattr__(self, "_rows", {int(key): row for key, row in rows})

    def row(self, concept: int) -> tuple[str, str, str]:
        """Vocabulary, code and name of a concept, empty where unknown."""
        return self._rows.get(concept, ("", "", ""))

    def analyte_ids(self) -> dict[int, str]:
        """Analyte by measurement concept id: by the LOINC code, analytes.toml, the mapping."""
        found: dict[int, str] = {}
        for key, (vocabulary, code, _) in self._rows.items():
            if vocabulary.upper() in ("", *codes()["vocabularies"]["measurements"]):
                analyte = find_analyte("", code, internal=True) if code else None
                if analyte is not None:
                    found[key] = analyte
        for entry in recorded().values():
            found |= dict.fromkeys(entry.omop, entry.name)
        return found | dict(self.mapping.analytes_omop)

    def other_loinc_ids(self) -> list[int]:
        """Concept ids of LOINC codes that are no analyte."""
        known = self.analyte_ids()
        loinc = [k for k, (vocabulary, _, _) in self._rows.items() if vocabulary.upper() == "LOINC"]
        return [key for key in loinc if key not in known]

    def analyte_codes(self) -> dict[str, str]:
        """Analyte by measurement_source_value: LOINC codes, and the codes of the mapping."""
        loinc = {code: a.name for a in recorded().values() for code in a.loinc}
        return loinc | dict(self.mapping.analytes)

    def unit(self, analyte: str, concept: int, source: str, converted: bool) -> tuple[str, str]:
        """Unit spelling of a result, and a note.

        The unit concept and the source text are both tried. Where both are units of the analyte
        but differ, the concept goes with `value_as_number` (which a site may have converted
        with it), the source text with a value read from `value_source_value`.

        Parameters
        ----------
        analyte : str
        concept : int
            unit_concept_id, 0 where there is none.
        source : str
            unit_source_value, empty where there is none.
        converted : bool
            Whether the value comes from `value_as_number`.

        Returns
        -------
        (str, str)
            Spelling, and ``"conflict"``, ``"other"`` or an empty text.
        """
        _, code, name = self.row(concept)
        known = _numbered("units").get(concept, "")
        spellings = [text for text in (known, code, name) if text]
        by_concept = next((s for s in spellings if _factor(analyte, s)), "")
        by_source = source if source and _factor(analyte, source) else ""
        if by_concept and by_source:
            if _factor(analyte, by_concept) == _factor(analyte, by_source):
                return by_source, ""
            return (by_concept if converted else by_source), "conflict"
        if by_concept or by_source:
            rest = source if by_concept else next(iter(spellings), "")
            return by_concept or by_source, "other" if rest and ucum(rest) else ""
        return source or next(iter(spellings), "") or (f"concept {concept}" if concept else ""), ""

    def ratio(self, analyte: str, concept: int, source: str) -> float:
        """What a number in the source's unit is multiplied by to be one in the unit concept."""
        _, code, name = self.row(concept)
        known = _numbered("units").get(concept, "")
        standard = next((f for s in (known, code, name) if s and (f := _factor(analyte, s))), None)
        charted = _factor(analyte, source) if source else None
        return charted[1] / standard[1] if charted and standard else 1.0

    def act(
        self, known: InfusionCodes, concepts: tuple[int, int], source: str, *, given: bool
    ) -> Meant | None:
        """What a drug, procedure or device record means: an infusion, a treatment, or neither.

        Parameters
        ----------
        known : InfusionCodes
        concepts : (int, int)
            Standard and source concept ids.
        source : str
            Source value.
        given : bool
            Whether it is a record of a drug given.
        """
        rows = [self.row(concept) for concept in concepts]
        coded = [*(code for _, code, _ in rows if code), source]
        text = " ".join([*dict.fromkeys(name for _, _, name in rows if name), source])
        if set(concepts) & set(self.mapping.infusion_omop):
            return Meant(INFUSION, known.product_of(text=text) or "", coded=True)
        return meant_by(known, coded, text, given=given)

    def shown(self, concepts: tuple[int, int], source: str) -> str:
        """Name of a record for people."""
        return next((name for _, _, name in map(self.row, concepts) if name), source)

    def infusion_ids(self, known: InfusionCodes) -> list[int]:
        """Concept ids that are about an infusion or a product."""
        told = ((key, self.act(known, (key, key), "", given=True)) for key in self._rows)
        ids = [key for key, meant in told if meant is not None and meant.kind == INFUSION]
        return sorted({*ids, *self.mapping.infusion_omop})

    def product_texts(self) -> list[str]:
        """Names that mean a product inside a drug's source text."""
        return [*product_names(), *self.mapping.infusion_names]

    def disease(self, concepts: tuple[int, int], source: str) -> str | None:
        """Disease of a condition record, None where it is none of the contract's."""
        found = (disease_of(code, name) for _, code, name in map(self.row, concepts))
        plain = source.strip().upper().split(":")[-1]
        coded = disease_of(plain) if plain.isdigit() or _ICD10.match(plain) else None
        return next((name for name in found if name is not None), coded)


@cache
def _factor(analyte: str, spelling: str) -> tuple[str, float] | None:
    try:
        found = resolve(analyte, "", spelling, internal=True)
    except SchemaError:
        return None
    return found.analyte, found.factor
