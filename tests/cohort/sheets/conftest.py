"""Spreadsheets of one centre in several forms, all saying the same."""

from collections.abc import Callable
from pathlib import Path

import pytest

PATIENTS = (
    "MRN;Infusion date;Product;Diagnosis;Age;CRS max grade;CRS onset date;Tocilizumab given;"
    "Tocilizumab date;Date of death;Comment\n"
    "P1;10.05.2024 10:00;Yescarta;LBCL;60;2;11.05.2024;no;;;seen twice\n"
    "P2;11.05.2024 10:00;Carvykti;MM;55;;;yes;12.05.2024;01.07.2024;\n"
)
LABS = (
    "MRN;Abnahmedatum;Test;Wert;Einheit;ULN\n"
    "P1;09.05.2024 06:00;FERRITIN, SERUM;1.234,5;ng/mL;400\n"
    "P1;12.05.2024 07:00;CRP;12,5;mg/L;5\n"
    "P1;12.05.2024 07:00;Thrombozyten;23;G/L;\n"
    "P2;12.05.2024 07:00;Ferritin;2.155;ng/mL;400\n"
)
RESULTS = [
    ("P1", -28.0, "ferritin", 1234.5),
    ("P1", 45.0, "crp", 12.5),
    ("P1", 45.0, "platelets", 23.0),
    ("P2", 21.0, "ferritin", 2155.0),
]
EVENTS = [("P1", "crs", 14.0), ("P2", "death", 1214.0), ("P2", "tocilizumab", 14.0)]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A folder of two files cut by semicolons, with decimal commas."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "patients.csv").write_text(PATIENTS, encoding="utf-8")
    (folder / "labs.csv").write_text(LABS, encoding="cp1252")
    return folder


@pytest.fixture
def mapped(tmp_path: Path) -> Callable[[Path], Path]:
    """The mapping that is proposed for a source, as a file."""
    from riskmodel.cohort import guess_mapping, source_sheets, written_mapping

    def make(source: Path, dictionary: Path | None = None) -> Path:
        sheets = source_sheets(source, dictionary)
        path = tmp_path / "mapping.toml"
        path.write_text(written_mapping(guess_mapping(sheets), sheets), encoding="utf-8")
        return path

    return make
