"""Units by their grammar, against an independent library of UCUM."""

import pytest
from hypothesis import given, strategies as st
from ucumvert import PintUcumRegistry

from riskmodel.cohort.unit_grammar import parse_unit
from riskmodel.cohort.units import analytes, resolve, ucum, unit_factor
from riskmodel.errors import UnitError

UNITS = PintUcumRegistry()
PREFIXES = ["", "k", "d", "c", "m", "u", "n", "p", "f"]
VOLUMES = ["L", "dL", "mL", "uL", "nL", "pL", "m3", "cm3", "mm3", "dm3"]


@given(
    st.sampled_from(["g", "mol", "[IU]", "kat"]),
    st.sampled_from(PREFIXES),
    st.sampled_from(VOLUMES),
    st.sampled_from(["{}/{}", "{}.{}-1"]),
)
def test_concentrations_are_those_of_ucum(atom, prefix, volume, form):
    volume_code = volume if form.startswith("{}/") or not volume.endswith("3") else "L"
    code = form.format(f"{prefix}{atom}", volume_code)
    found = parse_unit(code)
    assert found is not None
    ours = {"g": "g/L", "mol": "mol/L", "[IU]": "[IU]/L", "kat": "kat/L"}[atom]
    expected = (1.0 * UNITS.from_ucum(code)).to(UNITS.from_ucum(ours)).magnitude
    assert float(found.factor) == pytest.approx(expected, rel=1e-12)


@given(st.integers(1, 15), st.sampled_from(VOLUMES), st.sampled_from(["10*{}/{}", "10^{}/{}"]))
def test_counts_are_those_of_ucum(power, volume, form):
    code = form.format(power, volume)
    expected = (1.0 * UNITS.from_ucum(code)).to(UNITS.from_ucum("/L")).magnitude
    assert float(parse_unit(code).factor) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("analyte", "value", "unit", "expected"),
    [
        *(
            ("platelets", 20, unit, 20)
            for unit in (
                "G/L", "G/l", "Gpt/l", "/nL", "Tsd./\u00b5l", "Tsd/\u00b5l", "10\u00b3/\u00b5L",
                "10\u2079/L", "\u00d710^3/\u03bcL", "THOUS/MCL", "K/\u00b5L", "10E9/l", "x10e9/L",
                "x10(9)/L", "Mrd/l", "10^9 cells/L", "10*9/L{cells}", "10*9.L-1", "thou/uL",
                "x103/uL", "k/cu mm", "10exp9/L", "Tys/\u00b5l", "10**9/L",
                "*10^9/L", "x1000/uL", "\u5343/\u03bcL",
            )
        ),
        ("platelets", 2, "10*4/uL", 20),
        ("platelets", 2, "\u4e07/\u03bcL", 20),
        ("platelets", 0.2, "lakh/cumm", 20),
        ("creatinine", 88.4, "mcmol/L", 1),
        ("hemoglobin", 9.5, "gms/dl", 9.5),
        ("hemoglobin", 9.5, "gr/dl", 9.5),
        ("ldh", 300, "U.I./L", 300),
        ("platelets", 20000, "10*6/L", 20),
        ("platelets", 20, "10*6/mL", 20),
        ("platelets", 20000, "/mm^3", 20),
        ("anc", 500, "cells/cu mm", 0.5),
        ("nk_cells", 100, "10*6/L", 100),
        ("nk_cells", 0.1, "G/L", 100),
        ("ldh", 0.005, "mkat/L", 300),
        ("ldh", 5, "microkat/L", 300),
        ("ldh", 5000, "nkat/L", 300),
        ("ldh", 300, "mU/mL", 300),
        ("ldh", 300, "UI/L", 300),
        ("ldh", 300, "IE/l", 300),
        ("d_dimer", 1.2, "ug/mL FEU", 1200),
        ("d_dimer", 1.2, "mg/l FEU", 1200),
        ("d_dimer", 1200, "ng{FEU}/mL", 1200),
        ("d_dimer", 0.6, "mg/L DDU", 1200),
        ("fibrinogen", 2, "G/L", 200),
        ("bilirubin_total", 0.0171, "mmol/L", 0.99979),
        ("crp", 1, "mg/100mL", 10),
    ],
)  # fmt: skip
def test_spellings_of_laboratories(analyte, value, unit, expected):
    assert value * resolve(analyte, "", unit).factor == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("analyte", "unit", "why"),
    [
        ("platelets", "103/uL", "a power that lost its sign, or a hundred and three"),
        ("platelets", "10", "no unit"),
        ("platelets", "g/dL", "mass"),
        ("ferritin", "mg/dL", "ten thousand times too much"),
        ("ferritin", "pmol/L", "no molar mass of ferritin is agreed"),
        ("hemoglobin", "G", "an amount"),
        ("ldh", "MU/L/", "cut off"),
        ("d_dimer", "furlong", "a length"),
    ],
)
def test_what_no_unit_of_the_analyte_is(analyte, unit, why):
    with pytest.raises(UnitError):
        resolve(analyte, "", unit)
    assert unit_factor(analytes()[analyte], unit) is None, why


@given(st.text(max_size=12))
def test_whatever_is_written_is_a_unit_or_none(text):
    found = parse_unit(text)
    assert found is None or found.factor > 0
    assert ucum(text) is None or text.strip()


def test_ucums_own_units_of_results_are_known():
    for analyte in analytes().values():
        for unit in analyte.factors:
            assert parse_unit(unit) is not None, unit
            assert unit_factor(analyte, unit) == analyte.factors[unit]
