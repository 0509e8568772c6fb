"""Every conversion against an independent library: ucumvert reads the codes, pint computes."""

import pytest
from pint import DimensionalityError
from ucumvert import PintUcumRegistry

from riskmodel.cohort import analytes

UNITS = PintUcumRegistry()

# g/mol. Triglycerides as triolein, hemoglobin as its monomer: conventions of clinical chemistry.
# CRP at 105 g/mmol, the convention of its assays.
MOLAR_MASS = {
    "bilirubin_total": 584.66,
    "bilirubin_direct": 584.66,
    "creatinine": 113.12,
    "triglycerides": 885.43,
    "hemoglobin": 16114.5,
    "crp": 105_000,
}

# What no library knows: stand-ins that analytes.toml marks, and DDU against FEU by convention.
CONVENTIONS = {("sil2r", "pg/mL"), ("sil2r", "ng/L"), ("d_dimer", "ng/mL{DDU}")} | {
    ("d_dimer", "mg/L{DDU}")
}

PAIRS = [(a.name, unit) for a in analytes().values() for unit in a.factors]


@pytest.mark.parametrize(("name", "unit"), PAIRS)
def test_factor(name: str, unit: str):
    analyte = analytes()[name]
    if (name, unit) in CONVENTIONS:
        assert unit in analyte.unverified_units or unit.endswith("{DDU}")
        return
    given = 1.0 * UNITS.from_ucum(unit)
    canonical = UNITS.from_ucum(analyte.unit)
    try:
        expected = given.to(canonical).magnitude
    except DimensionalityError:
        mass = MOLAR_MASS[name] * UNITS.from_ucum("g/mol")
        expected = (given * mass).to(canonical).magnitude
    assert analyte.factors[unit] == pytest.approx(expected, rel=2e-4)
