"""Adverse events, their grades and ends, and what is found about them."""

from pathlib import Path

import pandas as pd
import pytest

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.sdtm.adverse_events import adverse_events

CRS = {"USUBJID": "S", "AESEQ": 7, "AESPID": "A1", "AELNKID": "L1", "AETOXGR": "3",
       "AEDECOD": "Cytokine release syndrome", "AESTDTC": "2024-05-12"}  # fmt: skip
OTHER = {**CRS, "AESEQ": 1, "AESPID": "7", "AELNKID": "L2", "AEDECOD": "Pyrexia",
         "AETOXGR": "1"}  # fmt: skip


@pytest.fixture
def events(tmp_path: Path):
    def make(**domains: list[dict]) -> list[tuple]:
        files = {}
        for name, rows in domains.items():
            files[name] = [tmp_path / f"{name.lower()}.csv"]
            pd.DataFrame(rows).to_csv(files[name][0], index=False)
        found = adverse_events(files, {"S": "2024-05-10"}, Rejections())
        return [(one.name, one.time, one.grade, one.refusal) for one in found]

    return make


def test_the_grade_of_a_record_is_that_of_its_own_supplement(events) -> None:
    both = [CRS, OTHER]
    supplement = {"USUBJID": "S", "QNAM": "ASTCTGR", "QVAL": "2"}
    # By its number; by its sponsor's identifier, which is another record's number.
    for var, key, grades in (("AESEQ", "7", ["2", "1"]), ("AESPID", "7", ["3", "2"])):
        found = events(AE=both, SUPPAE=[{**supplement, "IDVAR": var, "IDVARVAL": key}])
        assert [grade for _, _, grade, _ in found] == grades


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"AEDECOD": "", "AETERM": "cytokine release syndrome"}, [("2024-05-12", "3", "")]),
        ({"AESTDTC": "", "AESTDY": 3}, [("2024-05-12", "3", "")]),
        ({"AEOCCUR": "N"}, [("2024-05-12", "3", "cancelled")]),
        ({"AESTAT": "NOT DONE"}, [("2024-05-12", "3", "cancelled")]),
        ({"AEENDTC": "2024-05-15T10:00"}, [("2024-05-12", "3", ""), ("2024-05-15T10:00", "0", "")]),
        ({"AEENDY": 5}, [("2024-05-12", "3", ""), ("2024-05-14", "0", "")]),
        ({"AEENDTC": "2024-05"}, [("2024-05-12", "3", "")]),
        ({"AEDECOD": "Headache"}, []),
    ],
)
def test_one_event(events, fields: dict, expected: list) -> None:
    found = events(AE=[{**CRS, **fields}])
    assert [one[1:] for one in found] == expected


FINDING = {"USUBJID": "S", "FASEQ": 4, "FALNKID": "L1", "FATESTCD": "ASTCTGR", "FASTRESC": "1",
           "FADTC": "2024-05-13"}  # fmt: skip
RELATED = [
    {"USUBJID": "S", "RELID": "R1", "RDOMAIN": "AE", "IDVAR": "AESEQ", "IDVARVAL": "7"},
    {"USUBJID": "S", "RELID": "R1", "RDOMAIN": "FA", "IDVAR": "FASEQ", "IDVARVAL": "4"},
]
WHOLES = [
    {"USUBJID": "", "RELID": "R1", "RDOMAIN": "AE", "IDVAR": "AELNKID", "IDVARVAL": ""},
    {"USUBJID": "", "RELID": "R1", "RDOMAIN": "FA", "IDVAR": "FALNKID", "IDVARVAL": ""},
]


@pytest.mark.parametrize(
    ("finding", "relations"),
    [
        ({"FAOBJ": "Cytokine Release Syndrome"}, []),
        ({}, RELATED),
        ({}, WHOLES),
    ],
    ids=["named", "related", "domains"],
)
def test_a_later_grade_is_a_finding_about_the_event(events, finding: dict, relations: list) -> None:
    domains = {"AE": [OTHER, CRS], "FA": [{**FINDING, **finding}]}
    found = events(**domains, **({"RELREC": relations} if relations else {}))
    assert found[2:] == [("crs", "2024-05-13", "1", "")]


def test_a_finding_about_nothing_known_is_none(events) -> None:
    assert len(events(AE=[CRS], FA=[FINDING])) == 1
    assert len(events(AE=[CRS], FA=[{**FINDING, "FATESTCD": "OCCUR", "FAOBJ": "CRS"}])) == 1
