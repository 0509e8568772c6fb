"""Read a trial's SDTM datasets: DM, EX, LB, VS, AE, CM, PR, DS, MH, SUPPAE, ADLB as second best.

https://www.cdisc.org/standards/foundational/sdtm: dates are ISO 8601 text, and may be partial.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections, shown_places
from riskmodel.cohort.sdtm.files import domain_files, domain_rows
from riskmodel.cohort.sdtm.results import LABS, results
from riskmodel.cohort.source.acts import INFUSION, meant_by
from riskmodel.cohort.source.record import Record, assembled, note_files, note_unread
from riskmodel.cohort.source.selection import known_by, refuse
from riskmodel.cohort.source.workspace import StoredRows
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.vocabulary.clinical_names import disease_of
from riskmodel.cohort.vocabulary.infusions import InfusionCodes, infusion_codes, read_infusions
from riskmodel.cohort.vocabulary.mapping import load_mapping
from riskmodel.cohort.written.times import age_at
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

_GIVEN = ["patient_id", "time", "analyte", "value", "comparator", "unit", "reference_low",
          "reference_high"]  # fmt: skip
_ACTS = {
    "EX": (("EXTRT",), "EXSTDTC", "EXOCCUR", True),
    "EC": (("ECTRT",), "ECSTDTC", "ECOCCUR", True),
    "CM": (("CMDECOD", "CMTRT"), "CMSTDTC", "CMOCCUR", True),
    "PR": (("PRDECOD", "PRTRT"), "PRSTDTC", "PROCCUR", False),
}
"""Domains of what was given or done: names, time, whether it happened, whether it is a drug."""


@cache
def _terms() -> Mapping[str, Any]:
    return read_toml(Path(__file__).parent / "terms.toml")


@cache
def _meaning(table: str) -> Mapping[str, str]:
    lists = {n: t for n, t in _terms()[table].items() if n != "lasting"}
    return {term: name for name, terms in lists.items() for term in terms}


@dataclass
class Found:
    """What was read so far, beside the results."""

    acts: list[dict[str, Any]] = field(default_factory=list)
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    diseases: list[tuple[str, str, str]] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)

    def act(self, who: str, kind: str, time: str, place: tuple[Path, int], **more: str) -> None:
        """Add an act, refused where its date names no day."""
        refusal = more.pop("refusal", "") or _fault(time)
        row = {"patient_id": who, "kind": kind, "time": time, "value": "", "grade": "",
               "passed_over": "", "file": place[0].name, "line": place[1]}  # fmt: skip
        self.acts.append({**row, **more, "refusal": refusal})


def _fault(time: str) -> str:
    """Why an SDTM date is no day; a partial one (2024-05) is none."""
    if not time:
        return "time_missing"
    return "" if len(time) >= 10 and time[4:5] == "-" and time[7:8] == "-" else "time_not_a_day"


def read_sdtm(
    source: Path | str,
    *,
    infusions: Path | None = None,
    mapping: Path | None = None,
    timezone: str = "",
) -> Cohort:
    """Read the SDTM datasets of a trial.

    Hour 0 is the first EX (or EC) record of a product of the product table, or of a name of the
    mapping (``[infusion] names``), or what a list says. LBSTRESN with LBSTRESU goes before
    LBORRES; a comparator of either is kept. Adverse events are read by AEDECOD with their ASTCT
    grade (SUPPAE), else AETOXGR, and end at AEENDTC. Partial dates are refused.

    Parameters
    ----------
    source : path
        Folder of datasets: XPT (version 5 or 8), Dataset-JSON 1.1, CSV.
    infusions, mapping : path, optional
        See `read_omop`.
    timezone : str
        See `read_omop`.

    Returns
    -------
    Cohort
        Its ``rejected`` has a further column ``source``: file and row.

    Raises
    ------
    SchemaError
        When a file cannot be read, there is no DM and no LB, or nobody has an infusion.
    """
    source = Path(source)
    own = Rejections()
    codes = load_mapping(mapping)
    listed = read_infusions(infusions, own) if infusions is not None else None
    files, unread = domain_files(source)
    note_files(own, unread, source)
    lab = "LB" if "LB" in files else "ADLB"
    if lab not in files or ("DM" not in files and "ADSL" not in files):
        seen = ", ".join(sorted(files))
        raise SchemaError(
            f"SDTM folder '{source}' has no LB (or ADLB) or no DM (or ADSL) (datasets seen: "
            f"{seen}). Add them."
        )
    found = Found()
    known = infusion_codes(codes)
    _people(files, found, own)
    for domain in _ACTS:
        _given(files, domain, known, found, own)
    _adverse_events(files, found, own)
    _dispositions(files, found, own)
    _history(files, found, own)
    with StoredRows(LABS, "patient_id") as labs:
        for domain in (lab, "VS"):
            for path, part in domain_rows(files.get(domain, ()), own):
                labs.append(results(domain, part, path.name, codes.analytes, _meaning("tests"),
                                    found.unread))  # fmt: skip
        note_unread(own, found.unread)
        return assembled(_record(source.name, labs, found), listed, own, timezone)


def _texts(part: pd.DataFrame, *names: str) -> list[list[str]]:
    """Columns as text, empty where missing; absent ones empty."""
    columns = []
    for name in names:
        if name in part:
            column = part[name]
            if pd.api.types.is_float_dtype(column.dtype):
                column = column.map(lambda x: f"{x:.15g}", na_action="ignore")
            columns.append(column.astype("str").fillna("").str.strip().tolist())
        else:
            columns.append([""] * len(part))
    return columns


def _people(files: Mapping[str, list[Path]], found: Found, own: Rejections) -> None:
    for domain in ("DM", "ADSL"):
        for path, part in domain_rows(files.get(domain, ()), own):
            names = ("USUBJID", "SEX", "BRTHDTC", "AGE", "AGEU", "SITEID", "DTHDTC", "RFPENDTC")
            for line, row in enumerate(zip(*_texts(part, *names), strict=True), start=1):
                who, sex, birth, age, unit, site, death, end = row
                if not who or who in found.people:
                    continue
                known = {"sex": _meaning("sex").get(sex.upper(), ""), "birth": birth, "site": site}
                years = age if unit.upper() in ("", "YEARS", "YEAR") else ""
                found.people[who] = {**known, "age": years}
                if death:
                    found.act(who, "death", death, (path, line))
                elif end:
                    found.act(who, "last_follow_up", end, (path, line))


def _given(
    files: Mapping[str, list[Path]],
    domain: str,
    known: InfusionCodes,
    found: Found,
    own: Rejections,
) -> None:
    """Infusions and treatments of one domain."""
    names, start, occurred, drug = _ACTS[domain]
    for path, part in domain_rows(files.get(domain, ()), own):
        columns = _texts(part, "USUBJID", start, occurred, *names)
        for line, (who, time, happened, *told) in enumerate(zip(*columns, strict=True), start=1):
            meant = meant_by(known, (), " / ".join(filter(None, told)), given=drug)
            if meant is None or not who:
                continue
            refusal = "cancelled" if happened.upper() == "N" else ""
            refusal = refusal or ("not_an_infusion" if meant.passed_over else "")
            value = meant.product if meant.kind == INFUSION else next(filter(None, told), "")
            found.act(who, meant.kind, time, (path, line), value=value, refusal=refusal,
                      passed_over=meant.passed_over)  # fmt: skip


def _adverse_events(files: Mapping[str, list[Path]], found: Found, own: Rejections) -> None:
    grades: dict[tuple[str, str], str] = {}
    for _, part in domain_rows(files.get("SUPPAE", ()), own):
        for who, key, name, value in zip(
            *_texts(part, "USUBJID", "IDVARVAL", "QNAM", "QVAL"), strict=True
        ):
            if name.upper() in _terms()["grades"]["astct"] and value:
                grades[who, key] = value
    lasting = _terms()["events"]["lasting"]
    for path, part in domain_rows(files.get("AE", ()), own):
        names = ("USUBJID", "AESEQ", "AEDECOD", "AETOXGR", "AESTDTC", "AEENDTC")
        for line, row in enumerate(zip(*_texts(part, *names), strict=True), start=1):
            who, key, term, grade, start, end = row
            event = _meaning("events").get(term.upper())
            if event is None or not who:
                continue
            found.act(who, event, start, (path, line), grade=grades.get((who, key), grade))
            if event in lasting and end and not _fault(end):
                found.act(who, event, end, (path, line), grade="0")


def _dispositions(files: Mapping[str, list[Path]], found: Found, own: Rejections) -> None:
    for path, part in domain_rows(files.get("DS", ()), own):
        columns = _texts(part, "USUBJID", "DSDECOD", "DSSTDTC")
        for line, (who, term, time) in enumerate(zip(*columns, strict=True), start=1):
            if who and term.upper() in _terms()["disposition"]["death"]:
                found.act(who, "death", time, (path, line))


def _history(files: Mapping[str, list[Path]], found: Found, own: Rejections) -> None:
    for _, part in domain_rows(files.get("MH", ()), own):
        columns = _texts(part, "USUBJID", "MHDECOD", "MHTERM", "MHSTDTC")
        for who, term, charted, time in zip(*columns, strict=True):
            disease = disease_of(text=term) or disease_of(text=charted)
            if disease is not None and who:
                found.diseases.append((who, disease, time))


def _record(name: str, labs: StoredRows, found: Found) -> Record:
    columns = ["patient_id", "kind", "time", "value", "grade", "refusal", "passed_over"]
    acts = pd.DataFrame(found.acts, columns=[*columns, "file", "line"])
    acts = acts.astype({**dict.fromkeys([*columns, "file"], "str"), "line": "int64"})
    source = shown_places(acts["file"], acts["line"], pd.Series(0, index=acts.index))
    owners = labs.keys()[0]

    def charted(part: pd.DataFrame, told: Rejections) -> tuple[pd.DataFrame, Flags]:
        usable = refuse("labs", part, "analyte", told)
        return part[_GIVEN].astype({"time": "str"}), usable

    return Record(
        name,
        labs,
        owners,
        acts[columns].assign(source=source),
        {*found.people, *owners} - {""},
        charted,
        lambda patients, told: _described(patients, found, told),
    )


def _described(patients: pd.DataFrame, found: Found, own: Rejections) -> pd.DataFrame:
    """The patients table; age from the birth date, else as DM states it."""
    rows = []
    for row in patients.to_dict("records"):
        who, start = str(row["patient_id"]), str(row["infusion_time"])
        person = found.people.get(who, {})
        own.note("patients without a DM record", "patients", int(not person))
        age = age_at(person["birth"], start) if len(person.get("birth", "")) >= 4 else np.nan
        stated = pd.to_numeric(pd.Series([person.get("age", "")]), errors="coerce").iloc[0]
        names = {
            d for p, d, time in found.diseases if p == who and (not time or known_by(time, start))
        }
        own.note("conflicting diseases, left unknown", "patients", int(len(names) > 1))
        rows.append(
            {
                **row,
                "sex": person.get("sex") or None,
                "age_years": age if not np.isnan(age) else stated,
                "center_id": person.get("site") or None,
                "disease": next(iter(names)) if len(names) == 1 else None,
            }
        )
    return pd.DataFrame(rows)
