"""Results of another specimen, withdrawn, or replaced: none of them is read as a result."""

from collections.abc import Callable
from pathlib import Path

import pytest

from riskmodel.cohort import read_cohort
from riskmodel.cohort.tables.withdrawn import status_of

HEADING = "patient_id,hours_from_infusion,analyte,value,unit,specimen,status\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., tuple[list[float], list[str]]]:
    def make(*rows: str) -> tuple[list[float], list[str]]:
        (tmp_path / "patients.csv").write_text("patient_id\nP1\n")
        (tmp_path / "events.csv").write_text("patient_id,event,hours_from_infusion\n")
        (tmp_path / "labs.csv").write_text(HEADING + "".join(f"P1,24,{row}\n" for row in rows))
        cohort = read_cohort(tmp_path)
        return cohort.labs["value"].tolist(), cohort.rejected["reason"].tolist()

    return make


@pytest.mark.parametrize(
    "specimen",
    ["Urine", "U", "Harn", "CSF", "Liquor", "Pleural fluid", "Ascites", "Bone marrow", "UR",
     "Sputum", "Stool", "LCR", "orina", "122575003", "Apheresis product", "Dialysate", "尿"],
)  # fmt: skip
def test_another_specimen_is_not_read(read: Callable, specimen: str) -> None:
    assert read(f"wbc,3,10*9/L,{specimen},") == ([], ["not_blood"])


@pytest.mark.parametrize(
    "specimen", ["", "Serum", "Plasma", "EDTA blood", "Blut", "SER", "BLD", "Sang veineux", "血清"]
)
def test_blood_is(read: Callable, specimen: str) -> None:
    assert read(f"wbc,3,10*9/L,{specimen},") == ([3.0], [])


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Cancelled", "cancelled"),
        ("storniert", "cancelled"),
        ("X", "cancelled"),
        ("annulé", "cancelled"),
        ("entered-in-error", "entered_in_error"),
        ("W", "entered_in_error"),
        ("Deleted", "entered_in_error"),
        ("Preliminary", "not_final"),
        ("vorläufig", "not_final"),
        ("pendiente", "not_final"),
        ("P", "not_final"),
        ("haemolysed", "status_unknown"),
        ("7", "status_unknown"),
    ],
)
def test_what_was_withdrawn_is_not_read(read: Callable, status: str, reason: str) -> None:
    assert read(f"crp,3,mg/L,,{status}", "crp,4,mg/L,,final") == ([4.0], [reason])


@pytest.mark.parametrize("status", ["", "F", "Final", "FINAL RESULT", "verified", "validé"])
def test_what_is_final_is_read(read: Callable, status: str) -> None:
    assert read(f"crp,3,mg/L,,{status}") == ([3.0], [])


@pytest.mark.parametrize("status", ["C", "Corrected", "amended", "korrigiert", "corrigé"])
def test_a_corrected_result_replaces_the_one_of_its_time(read: Callable, status: str) -> None:
    rows = [f"crp,30,mg/L,,{status}", "crp,3,mg/L,,final", "ferritin,5,ng/mL,,final"]
    assert read(*rows) == ([5.0, 30.0], ["replaced"])
    assert read(*reversed(rows)) == ([5.0, 30.0], ["replaced"])


def test_every_word_means_one_thing() -> None:
    assert {status_of(word) for word in ("used", "", "?")} == {"status_unknown"}
