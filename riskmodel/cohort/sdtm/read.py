"""Read a trial's SDTM datasets: DM, EX, LB, VS, AE, FA, CM, PR, DS, MH and the relations of them.

ADLB is second best to LB.
https://www.cdisc.org/standards/foundational/sdtm: dates are ISO 8601 text, and may be partial.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.arrays import Flags
from riskmodel.cohort.rejections import Rejections, shown_places
from riskmodel.cohort.sdtm.adverse_events import adverse_events
from riskmodel.cohort.sdtm.cells import texts_of
from riskmodel.cohort.sdtm.files import domain_files, domain_rows
from riskmodel.cohort.sdtm.results import LABS, results
from riskmodel.cohort.sdtm.study_days import TOLD, dated, day_fault, is_day
from riskmodel.cohort.sdtm.terms import meaning, terms
from riskmodel.cohort.source.acts import INFUSION, meant_by
from riskmodel.cohort.source.record import Record, assembled, note_files, note_unread
from riskmodel.cohort.source.selection import known_by, refuse
from riskmodel.cohort.source.workspace import StoredRows
from riskmodel.cohort.source.zones import CHECK
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.tables.grades import said_no
from riskmodel.cohort.vocabulary.clinical_names import disease_of
from riskmodel.cohort.vocabulary.infusions import InfusionCodes, infusion_codes, read_infusions
from riskmodel.cohort.vocabulary.mapping import load_mapping
from riskmodel.cohort.vocabulary.products import find_product
from riskmodel.cohort.written.numbers import numbers
from riskmodel.cohort.written.times import age_at
from riskmodel.errors import SchemaError

_GIVEN = ["patient_id", "time", "analyte", "value", "comparator", "unit", "reference_low",
          "reference_high"]  # fmt: skip
_ACTS = {
    "EX": (("EXTRT",), "EXSTDTC", "EXOCCUR", True),
    "EC": (("ECTRT",), "ECSTDTC", "ECOCCUR", True),
    "CM": (("CMDECOD", "CMTRT"), "CMSTDTC", "CMOCCUR", True),
    "PR": (("PRDECOD", "PRTRT"), "PRSTDTC", "PROCCUR", False),
}
"""Domains of what was given or done: names, time, whether it happened, whether it is a drug."""


@dataclass
class Found:
    """What was read so far, beside the results."""

    acts: list[dict[str, Any]] = field(default_factory=list)
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    diseases: list[tuple[str, str, str]] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    starts: dict[str, str] = field(default_factory=dict)
    days: Counter[str] = field(default_factory=Counter)

    def act(self, who: str, kind: str, time: str, place: tuple[Path, int], **more: str) -> None:
        """Add an act, refused where its date names no day."""
        refusal = more.pop("refusal", "") or day_fault(time)
        row = {"patient_id": who, "kind": kind, "time": time, "value": "", "grade": "",
               "passed_over": "", "file": place[0].name, "line": place[1]}  # fmt: skip
        self.acts.append({**row, **more, "refusal": refusal})


def read_sdtm(
    source: Path | str,
    *,
    infusions: Path | None = None,
    mapping: Path | None = None,
    timezone: str = "",
    decimal: str = "",
) -> Cohort:
    """Read the SDTM datasets of a trial.

    Hour 0 is the first EX (or EC) record of a product of the product table, or of a name of the
    mapping (``[infusion] names``), or what a list says. LBSTRESN with LBSTRESU goes before
    LBORRES, which it must not contradict; a comparator of either is kept. Adverse events: see
    `adverse_events`. A record without a date has that of its study day (RFSTDTC is day 1).
    Partial dates are refused.

    Parameters
    ----------
    source : path
        Folder of datasets: XPT (version 5 or 8), Dataset-JSON 1.1, CSV.
    infusions, mapping : path, optional
        See `read_omop`.
    timezone : str
        See `read_omop`.
    decimal : {"", ",", "."}
        Decimal sign of texts that can be read in two ways, such as ``1.234``.

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
                rows = results(domain, part, path.name, codes.analytes, found.starts, found.unread,
                               found.days, decimal)  # fmt: skip
                labs.append(rows)
        note_unread(own, found.unread)
        own.note("flagged", TOLD["day"], found.days["day"])
        own.note(CHECK, TOLD["differs"], found.days["differs"])
        return assembled(_record(source.name, labs, found), listed, own, timezone, decimal)


def _people(files: Mapping[str, list[Path]], found: Found, own: Rejections) -> None:
    for domain in ("DM", "ADSL"):
        for path, part in domain_rows(files.get(domain, ()), own):
            names = ("USUBJID", "SEX", "BRTHDTC", "AGE", "AGEU", "SITEID", "DTHDTC", "RFPENDTC",
                     "RFSTDTC")  # fmt: skip
            for line, row in enumerate(zip(*texts_of(part, *names), strict=True), start=1):
                who, sex, birth, age, unit, site, death, end, start = row
                if not who:
                    continue
                if is_day(start):
                    found.starts.setdefault(who, start)
                known = {"sex": meaning("sex").get(sex.upper(), ""), "birth": birth, "site": site}
                years = age if unit.upper() in ("", "YEARS", "YEAR") else ""
                known["age"] = years
                before = found.people.setdefault(who, known)
                if before is not known:
                    _agree(before, known, own)
                    continue
                if death:
                    found.act(who, "death", death, (path, line))
                elif end:
                    found.act(who, "last_follow_up", end, (path, line))


def _agree(person: dict[str, str], again: Mapping[str, str], own: Rejections) -> None:
    """Leave unknown what two rows of a person say differently; fill in what only one says."""
    for name, value in again.items():
        if value and person[name] and value != person[name]:
            own.note("conflicting rows, left unknown", name, 1)
            person[name] = ""
        else:
            person[name] = person[name] or value


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
        others = (start, start.replace("DTC", "DY"), occurred, f"{domain}STAT", f"{domain}DOSE")
        columns = texts_of(part, "USUBJID", *others, *names)
        for line, row in enumerate(zip(*columns, strict=True), start=1):
            who, time, day, happened, stat, dose, *told = row
            meant = meant_by(known, (), " / ".join(filter(None, told)), given=drug)
            if meant is None or not who:
                continue
            none = find_product(meant.product) is not None and said_no(dose)
            passed_over = meant.passed_over or ("dose 0" if none else "")
            not_done = happened.upper() == "N" or stat.upper() == "NOT DONE"
            refusal = "cancelled" if not_done else "not_an_infusion" if passed_over else ""
            value = meant.product if meant.kind == INFUSION else next(filter(None, told), "")
            when, counted = dated(time, day, found.starts.get(who, ""))
            found.days[counted] += 1
            found.act(who, meant.kind, when, (path, line), value=value, refusal=refusal,
                      passed_over=passed_over)  # fmt: skip


def _adverse_events(files: Mapping[str, list[Path]], found: Found, own: Rejections) -> None:
    for event in adverse_events(files, found.starts, own):
        found.days[event.told] += 1
        found.act(event.who, event.name, event.time, event.place, grade=event.grade,
                  refusal=event.refusal)  # fmt: skip


def _dispositions(files: Mapping[str, list[Path]], found: Found, own: Rejections) -> None:
    for path, part in domain_rows(files.get("DS", ()), own):
        columns = texts_of(part, "USUBJID", "DSDECOD", "DSSTDTC")
        for line, (who, term, time) in enumerate(zip(*columns, strict=True), start=1):
            if who and term.upper() in terms()["disposition"]["death"]:
                found.act(who, "death", time, (path, line))


def _history(files: Mapping[str, list[Path]], found: Found, own: Rejections) -> None:
    for _, part in domain_rows(files.get("MH", ()), own):
        columns = texts_of(part, "USUBJID", "MHDECOD", "MHTERM", "MHSTDTC")
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
        stated = numbers(pd.Series([person.get("age", "")], dtype="str"))[0]
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
