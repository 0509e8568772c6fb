"""What a MEDS code means: a lab result and its unit, an infusion, an event, a demographic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from riskmodel.cohort.source.acts import INFUSION, meant_by
from riskmodel.cohort.source.body_weight import WEIGHT
from riskmodel.cohort.units import analytes, find_analyte, unit_in_name
from riskmodel.cohort.vocabulary.clinical_names import disease_of
from riskmodel.cohort.vocabulary.infusions import InfusionCodes
from riskmodel.cohort.vocabulary.products import choice
from riskmodel.cohort.vocabulary.specimens import is_not_blood
from riskmodel.files import read_toml


class Meaning(NamedTuple):
    """What a code means.

    `kind` is lab, infusion, event, disease, gender, birth or nothing; `name` the analyte,
    product, event, disease or sex; `unit` that of a lab result; `passed_over` why a code about a
    product is no infusion of it.
    """

    kind: str
    name: str = ""
    unit: str = ""
    passed_over: str = ""


NOTHING = Meaning("nothing")
_TOLD = ("source", "unverified", "units")


@cache
def _table() -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent / "codes.toml")


@cache
def _mimic(table: str) -> Mapping[str, str]:
    entries = _table()[table].items()
    return {code: name for name, codes in entries if name not in _TOLD for code in codes}


@dataclass
class MedsCodes:
    """Meanings of the codes of one dataset; each code is looked up once.

    Attributes
    ----------
    infusions : InfusionCodes
    own : mapping of str to str
        Analyte by a centre's own code, with or without its unit.
    descriptions : mapping of str to str
        Of ``metadata/codes.parquet``.
    parents : mapping of str to sequence of str
        Likewise, as ``vocabulary/code``.
    """

    infusions: InfusionCodes
    own: Mapping[str, str]
    descriptions: Mapping[str, str]
    parents: Mapping[str, Sequence[str]]
    _known: dict[str, Meaning] = field(default_factory=dict)

    def meaning(self, code: str) -> Meaning:
        """What `code` means."""
        if code not in self._known:
            self._known[code] = self._find(code)
        return self._known[code]

    def is_lab(self, code: str) -> bool:
        """Whether a code is one of laboratory results, whichever."""
        return code.split("//")[0].split("/")[0].upper() in _table()["kinds"]["lab"]

    def _find(self, code: str) -> Meaning:
        parts = [part.strip() for part in code.split("//")]
        first, kinds = parts[0].upper(), _table()["kinds"]
        if first == "MEDS_BIRTH":
            return Meaning("birth")
        if first in _table()["events"]:
            return Meaning("event", _table()["events"][first])
        if first in kinds["weight"] and len(parts) > 1:
            return Meaning("lab", WEIGHT, parts[1])
        if first in kinds["gender"]:
            return Meaning("gender", choice("sex", parts[-1]) or "")
        coded = [parent.split("/", 1) for parent in self.parents.get(code, ())]
        coded = [[part.strip("/") for part in pair] for pair in coded if len(pair) == 2]
        if first in kinds["diagnosis"]:
            return self._disease(parts, coded)
        if first in kinds["act"]:
            return self._act(code, coded)
        return self._lab(code, parts, coded)

    def _disease(self, parts: Sequence[str], coded: Sequence[Sequence[str]]) -> Meaning:
        old = "9" in parts[1:-1]
        found = {disease_of(parts[-1])} if not old else set()
        found |= {disease_of(c) for vocabulary, c in coded if "9" not in vocabulary}
        names = sorted(name for name in found if name)
        return Meaning("disease", names[0]) if len(names) == 1 else NOTHING

    def _act(self, code: str, coded: Sequence[Sequence[str]]) -> Meaning:
        text = f"{code.replace('//', ' ')} {self.descriptions.get(code, '')}"
        if {part.upper() for part in code.split("//")[1:-1]}.intersection(
            _table()["words"]["over"]
        ):
            return NOTHING
        if any(word.casefold() in text.casefold() for word in _table()["words"]["not_given"]):
            return NOTHING
        first = code.split("//")[0].upper()
        given = first in _table()["kinds"]["given"]
        codes = [code, *code.split("//")[1:], *(c for _, c in coded)]
        meant = meant_by(self.infusions, codes, text, given=given)
        if meant is None:
            return NOTHING
        if meant.kind == INFUSION:
            return Meaning(INFUSION, meant.product, passed_over=meant.passed_over)
        return Meaning("event", meant.kind)

    def _lab(self, code: str, parts: list[str], coded: Sequence[Sequence[str]]) -> Meaning:
        lab = parts[0].upper() in _table()["kinds"]["lab"]
        identifier = parts[1] if lab and len(parts) > 1 else parts[0]
        unit = "//".join(parts[2:] if lab else parts[1:])
        unit = "" if unit.upper() in _table()["words"]["no_unit"] else unit
        loinc = [c for vocabulary, c in coded if vocabulary.upper() == "LOINC"]
        if parts[0].upper() == "LOINC":
            loinc.append(identifier)
        elif identifier.upper().startswith(("LOINC/", "LOINC:")):
            loinc.append(identifier[6:])
        analyte = (
            self.own.get(code) or self.own.get("//".join(parts[:2])) or self.own.get(identifier)
        )
        for candidate in loinc:
            analyte = analyte or find_analyte("", candidate, internal=True)
        described = self.descriptions.get(code, "")
        named = identifier if unit == "" else f"{identifier} {'//'.join(parts[:-1])}"
        if analyte is None and is_not_blood(f"{named} {described}"):
            return NOTHING
        if analyte is None and not loinc:
            if lab and parts[0].upper() == "LAB":
                analyte = _mimic("mimic_lab").get(identifier)
            analyte = analyte or _mimic("mimic_items").get(identifier)
            for name in (identifier, described):
                found = find_analyte(name, "", internal=True)
                # Without a word that it is a result, only an internal analyte is believed.
                if found is not None and (lab or found not in analytes()):
                    analyte = analyte or found
        if analyte is None:
            return NOTHING
        carried = _table()["mimic_items"]["units"].get(identifier, "")
        told = (unit_in_name(analyte, name) for name in (identifier, described))
        return Meaning("lab", analyte, unit or carried or next((u for u in told if u), ""))
