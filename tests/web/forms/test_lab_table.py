"""Pasted and uploaded tables: what is read, and one sentence for what is not."""

import contextlib

import pytest
from hypothesis import given, strategies as st

from riskmodel.errors import SchemaError
from riskmodel.web.forms.form_rows import entered
from riskmodel.web.forms.lab_table import MOST_CHARACTERS, decoded, read_table

LONG = "day,analyte,value,unit\n1,ferritin,820,ng/mL\n2.5,ferritin,>2000,ng/mL\n"


def test_long_and_wide_say_the_same():
    wide = "Day;Ferritin [ng/mL];LDH (U/L)\n1;820;\n2.5;>2000;300\n"
    rows = read_table(wide).rows
    assert [r for r in rows if r["analyte"] == "ferritin"] == list(read_table(LONG).rows)
    assert rows[-1]["analyte"] == "ldh"
    assert read_table(LONG.replace(",", "\t")).rows == read_table(LONG).rows


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Test;Einheit;Day 1;Day 2.5\nFerritin;ng/mL;820;>2000\nLDH;U/L;;300\n", [24, 60, 60]),
        ("Test\tUnit\t2026-03-02\t2026-03-03 12:00\nFerritin\tng/mL\t820\t>2000\n", [14, 50]),
        (",Unit,1,2\nFerritin,ng/mL,820,>2000\n", [24, 48]),
    ],
)
def test_a_flowsheet_with_times_across_is_read(text, hours):
    found = entered({"infusion_time": "2026-03-01 10:00"}, "after", read_table(text))
    labs = found.cohort.labs
    assert labs["hours"].tolist() == sorted(hours)
    assert labs["comparator"].tolist()[1] == 2
    assert not found.faults.rows


def test_a_table_becomes_results_in_canonical_units():
    text = (
        "hours,analyte,value,unit,ULN\n-5,hemoglobin,94,g/L,\n24,crp,2.4,mg/dL,0.5\n24,LDH,?,U/L,\n"
    )
    found = entered({"product": "Yescarta"}, "after", read_table(text))
    labs = found.cohort.labs
    assert labs["value"].tolist() == [9.4, 24.0]
    assert labs["reference_high"].iloc[1] == 5.0
    assert found.faults.rows == ["line 4: it has text where a number is needed (ldh)."]
    assert not found.faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rows under its heading"),
        ("day,analyte,value,unit\n", "no rows under its heading"),
        ("analyte,value\nferritin,3\n", "no column for the time"),
        ("day,colour\n1,red\n", "neither the columns 'analyte' and 'value'"),
        ("day,analyte,value\n1,ferritin\n", "Line 2 of the table has 2 cells, its heading 3"),
        ('day,analyte,value\n1,"ferritin,3\n', "never closed"),
        ("x" * (MOST_CHARACTERS + 1), "characters"),
        ("day,analyte,value\n" + "1,ferritin,3\n" * 5001, "5,000 are taken"),
    ],
)
def test_a_broken_table_is_one_sentence(text, said):
    with pytest.raises(SchemaError, match=said):
        read_table(text)


def test_what_is_no_text_is_one_sentence():
    for sent in (b"\xff\xfe\x00", b"PK\x03\x04\x00\x00"):
        with pytest.raises(SchemaError, match=r"UTF-8|zero bytes"):
            decoded(sent)
    assert decoded(b"\xef\xbb\xbfday") == "day"


def test_a_table_of_unusable_rows_is_a_fault():
    found = entered({}, "after", read_table("day,analyte,value,unit\n1,ferritin,3,furlong\n"))
    assert "No row of the table can be used" in found.faults.whole[0]
    assert "allowed: ng/mL" in found.faults.whole[0]


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_whatever_is_sent_is_read_or_refused(sent):
    with contextlib.suppress(SchemaError):
        read_table(decoded(sent) if isinstance(sent, bytes) else sent)


cell = st.text(alphabet="0123456789.,-<>= abNn\"'\n\t;", max_size=12)


@given(
    st.lists(st.tuples(cell, st.sampled_from(["ferritin", "LDH", "x", ""]), cell, cell), max_size=6)
)
def test_whatever_the_cells_hold_a_cohort_comes_of_it(rows):
    quoted = ["day,analyte,value,unit"]
    quoted += [",".join('"' + part.replace('"', '""') + '"' for part in row) for row in rows]
    try:
        table = read_table("\n".join(quoted))
    except SchemaError:
        return
    found = entered({}, "after", table)
    assert len(found.cohort) == 1
