"""Analytes and units against every spelling seen in real exports."""

import csv
from pathlib import Path

import pytest

from riskmodel.cohort.units import analytes, resolve, ucum
from riskmodel.errors import SchemaError, UnitError


def test_every_table_entry_is_consistent() -> None:
    for analyte in analytes().values():
        assert analyte.factors[analyte.unit] == 1
        low, high = analyte.possible
        assert low <= analyte.plausible[0] < analyte.plausible[1] <= high
        assert all(ucum(unit) == unit for unit in analyte.factors)


def test_no_code_belongs_to_two_analytes() -> None:
    codes = [code for analyte in analytes().values() for code in analyte.loinc]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "expected"),
    [
        ("bilirubin_total", 17.104, "umol/L", 1.0),
        ("creatinine", 88.4, "\u00b5mol/L", 1.0),
        ("triglycerides", 2.992, "mmol/l", 265.0),
        ("fibrinogen", 1.5, "g/L", 150.0),
        ("hemoglobin", 5.0, "mmol/L", 8.06),
        ("platelets", 50000, "#/uL", 50.0),
        ("anc", 1.0, "K/MM3", 1.0),
        ("d_dimer", 0.5, "mg/L", 500.0),
        ("ldh", 4.17, "ukat/L", 250.2),
    ],
)
def test_conversions(analyte: str, value: float, unit: str, expected: float) -> None:
    assert value * resolve(analyte, "", unit).factor == pytest.approx(expected, rel=2e-3)


def test_a_percent_under_a_count_code_is_the_percentage() -> None:
    assert resolve("", "751-8", "%").analyte == "neutrophils_percent"


@pytest.mark.shared
def test_every_spelling_seen_converts_or_is_refused_in_a_sentence(shared_data: Path) -> None:
    refused = []
    with (shared_data / "unit_spellings.csv").open(newline="") as source:
        for row in csv.DictReader(source):
            try:
                factor = resolve(row["analyte"], "", row["unit_spelling"]).factor
            except UnitError as error:
                refused.append((row["analyte"], row["unit_spelling"], str(error)[-1]))
            else:
                assert factor > 0
    assert set(refused) == {("platelets", "10", "."), ("wbc", "10", "."), ("d_dimer", "", ".")}


@pytest.mark.shared
def test_every_code_seen_is_the_right_analyte(shared_data: Path) -> None:
    with (shared_data / "loinc_seen.csv").open(newline="") as source:
        for row in csv.DictReader(source):
            if not row["loinc_code"] or row["loinc_code"] == "48066-5":
                continue
            unit = row["unit"] or analytes()[row["analyte"]].unit
            assert resolve("", row["loinc_code"], unit).analyte == row["analyte"]


def test_the_ddu_code_is_unknown_rather_than_misread() -> None:
    with pytest.raises(SchemaError, match="48066-5"):
        resolve("", "48066-5", "ng/mL")
