"""Adverse events of SDTM with their grades: AE, SUPPAE, and findings about them (FA, RELREC)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.sdtm.cells import texts_of
from riskmodel.cohort.sdtm.files import domain_rows
from riskmodel.cohort.sdtm.study_days import dated, is_day
from riskmodel.cohort.sdtm.terms import meaning, terms

Key = tuple[str, str, str]
"""Subject, a variable that identifies (AESEQ, AESPID, AELNKID ...), and its value."""


class Event(NamedTuple):
    """One adverse event, or one grade of it.

    Attributes
    ----------
    who, name, time, grade, refusal : str
        `refusal` is a reason code, empty where it happened.
    place : (Path, int)
    told : str
        Of its time: see `dated`.
    """

    who: str
    name: str
    time: str
    grade: str
    refusal: str
    place: tuple[Path, int]
    told: str = ""


def adverse_events(
    files: Mapping[str, list[Path]], starts: Mapping[str, str], own: Rejections
) -> Iterator[Event]:
    """The adverse events that the contract knows, with their ends and later grades.

    An ASTCT grade (of SUPPAE, or a finding about the event) goes before AETOXGR. What lasts ends
    at AEENDTC.

    Parameters
    ----------
    files : mapping of str to list of Path
        By domain.
    starts : mapping of str to str
        Reference start (RFSTDTC) by subject.
    own : Rejections
    """
    grades = dict(_supplements(files, own))
    linked = _links(files, own)
    known: dict[Key, str] = {}
    variables = {"AESEQ", *(var for _, var, _ in grades), *(var for _, var in linked)} - {""}
    for path, part in domain_rows(files.get("AE", ()), own):
        names = ("USUBJID", "AEDECOD", "AETERM", "AETOXGR", "AESTDTC", "AESTDY", "AEENDTC",
                 "AEENDY", "AEOCCUR", "AESTAT")  # fmt: skip
        keys = dict(zip(sorted(variables), texts_of(part, *sorted(variables)), strict=True))
        for line, row in enumerate(zip(*texts_of(part, *names), strict=True), start=1):
            who, term, charted, grade, begin, begin_day, end, end_day, occurred, stat = row
            name = meaning("events").get((term or charted).upper())
            if name is None or not who:
                continue
            mine = [(who, var, cells[line - 1]) for var, cells in keys.items() if cells[line - 1]]
            known.update(dict.fromkeys(mine, name))
            given = next((grades[key] for key in mine if key in grades), grade)
            not_there = occurred.upper() == "N" or stat.upper() == "NOT DONE"
            time, told = dated(begin, begin_day, starts.get(who, ""))
            refusal = "cancelled" if not_there else ""
            yield Event(who, name, time, given, refusal, (path, line), told)
            over, told = dated(end, end_day, starts.get(who, ""))
            if name not in terms()["events"]["lasting"] or not over or not_there:
                continue
            if not is_day(over):
                own.note("flagged", "ends of adverse events with a partial date, not used", 1)
            else:
                yield Event(who, name, over, "0", "", (path, line), told)
    yield from _findings(files, starts, known, linked, own)


def _supplements(files: Mapping[str, list[Path]], own: Rejections) -> Iterator[tuple[Key, str]]:
    """ASTCT grades of SUPPAE by the record that they are of."""
    for _, part in domain_rows(files.get("SUPPAE", ()), own):
        names = ("USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QVAL")
        for who, var, key, name, value in zip(*texts_of(part, *names), strict=True):
            if name.upper() in terms()["grades"]["astct"] and value:
                yield (who, var.upper() or "AESEQ", _plain(key)), value


def _plain(value: str) -> str:
    """``7`` for 7.0 and " 7"."""
    head, point, tail = value.partition(".")
    return head if point and not tail.strip("0") and head.lstrip("-").isdigit() else value


def _links(
    files: Mapping[str, list[Path]], own: Rejections
) -> dict[tuple[str, str], list[tuple[Key, str]]]:
    """Of each pair of identifying variables of FA and AE, which records RELREC relates.

    Returns
    -------
    dict
        By the variables of FA and AE: keys of FA with the value of AE; empty where the two
        domains are related as wholes, by equal values.
    """
    groups: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for _, part in domain_rows(files.get("RELREC", ()), own):
        names = ("USUBJID", "RELID", "RDOMAIN", "IDVAR", "IDVARVAL")
        for who, relation, domain, var, value in zip(*texts_of(part, *names), strict=True):
            groups[who, relation].append((domain.upper(), var.upper(), _plain(value)))
    found: dict[tuple[str, str], list[tuple[Key, str]]] = defaultdict(list)
    for (who, _), members in groups.items():
        abouts = [member for member in members if member[0] == "FA"]
        events = [member for member in members if member[0] == "AE"]
        own.note("relations of records (RELREC), not used", "relations", int(not abouts))
        for _, var, value in abouts:
            for _, of, key in events:
                pair = found[var, of]
                if value and key:
                    pair.append(((who, var, value), key))
    return dict(found)


def _findings(
    files: Mapping[str, list[Path]],
    starts: Mapping[str, str],
    known: Mapping[Key, str],
    linked: Mapping[tuple[str, str], list[tuple[Key, str]]],
    own: Rejections,
) -> Iterator[Event]:
    """Grades of FA: of the event that it names, else of the one that it is related to."""
    single = {(key, of): value for (_, of), pairs in linked.items() for key, value in pairs}
    variables = sorted({var for var, _ in linked})
    for path, part in domain_rows(files.get("FA", ()), own):
        names = ("USUBJID", "FATESTCD", "FAOBJ", "FASTRESC", "FAORRES", "FADTC", "FADY", "FASTAT")
        keys = texts_of(part, *variables)
        for line, row in enumerate(zip(*texts_of(part, *names), strict=True), start=1):
            who, test, about, standard, charted, time, day, stat = row
            if test.upper() not in terms()["grades"]["astct"] or stat.upper() == "NOT DONE":
                continue
            name = meaning("events").get(about.upper())
            for place, var in enumerate(variables):
                value = keys[place][line - 1]
                for of in (of for fa, of in linked if fa == var and value):
                    other = single.get(((who, var, value), of), value)
                    name = name or known.get((who, of, other))
            if name is None or not who:
                own.note("findings about events of no name known here, not used", "FA", 1)
                continue
            when, told = dated(time, day, starts.get(who, ""))
            yield Event(who, name, when, standard or charted, "", (path, line), told)
