"""Numbers and dates as people write them: made plain where there is one way, refused where two."""

import pytest

from riskmodel.web.forms.form_rows import entered
from riskmodel.web.forms.lab_table import read_table
from riskmodel.web.pages.entry import _beyond

TWO_WAYS = "a number that can be read in two ways"


def labs_of(text: str, **answers: str) -> list[tuple[float, float]]:
    labs = entered(answers, "after", read_table(text)).cohort.labs
    return list(zip(labs["hours"].tolist(), labs["value"].tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "values", "why"),
    [
        ("day;ferritin [ng/mL]\n1;812,5\n2;1.200\n", [812.5, 1200], "a comma beside it"),
        ("day;ferritin [ng/mL]\n1;812\n2;1.200\n", [812, 1200], "semicolons"),
        ("day;ferritin [ng/mL]\n1;812.5\n2;1.200\n", [812.5, 1.2], "a point, despite semicolons"),
        ("day\tferritin [ng/mL]\n1\t1,234.5\n2\t12,345\n", [1234.5, 12345], "a point beside it"),
        ("day\tferritin [ng/mL]\n1\t0,123\n2\t1.234,5\n", [0.123, 1234.5], "no thousand begins so"),
        ("day\tferritin [ng/mL]\n1\t1 250,5\n2\t>100.000,0\n", [1250.5, 100000], "spaces, bounds"),
        ('day, ferritin [ng/mL]\n1, "1,234"\n2, 8.5\n', [1234, 8.5], "space before a quote"),
    ],
)
def test_a_table_says_which_sign_is_the_decimal_one(text, values, why):
    assert [value for _, value in labs_of(text)] == pytest.approx(values), why


def test_a_number_that_may_be_two_is_refused_by_its_line_alone():
    found = entered({}, "after", read_table("day\tferritin [ng/mL]\n1\t1.200\n2\t900\n"))
    assert found.faults.rows == [
        f"line 2, ferritin: it has {TWO_WAYS}: write it without a separator of thousands."
    ]
    assert found.cohort.labs["value"].tolist() == [900]
    alone = entered({}, "after", read_table("day\tferritin [ng/mL]\n1\t12,345\n"))
    assert "No row of the table can be used" in alone.faults.whole[0]


def test_a_form_reads_its_numbers_in_one_way():
    units = {"ferritin_unit": "ng/mL", "creatinine_unit": "mg/dL"}
    typed = {"ferritin": "1.234", "creatinine": "1,5", "age_years": "58,5", **units}
    found = entered(typed, "before")
    assert sorted(found.cohort.labs["value"]) == [1.5, 1234]
    assert found.cohort.patients["age_years"].tolist() == [58.5]
    two = entered({"ferritin": "1.234", **units}, "before")
    assert TWO_WAYS in two.faults.fields["ferritin"]


@pytest.mark.parametrize(
    ("start", "time", "hours", "why"),
    [
        ("2026-02-28 10:00", "2026-03-01 10:00", 24, "ISO"),
        ("28.02.2026 10:00", "01.03.2026 10:00", 24, "day, month, year with points"),
        ("28/02/2026 10:00", "13/03/2026 10:00", 312, "a 13th month does not exist"),
        ("2026-02-28 10:00", "2026-03-01T10:00:00+01:00", 24, "the table's zone for both"),
        ("2026-02-28 09:00Z", "2026-03-01T10:00:00+01:00", 24, "two zones"),
    ],
)
def test_dates_count_from_the_infusion(start, time, hours, why):
    text = f"time,analyte,value,unit\n{time},ferritin,812,ng/mL\n"
    assert labs_of(text, infusion_time=start) == [(hours, 812)], why


def test_a_date_that_may_be_two_is_refused():
    text = "date,ferritin [ng/mL]\n3/4/2026,800\n"
    found = entered({"infusion_time": "2026-03-01"}, "after", read_table(text))
    assert "a date that can be read in two ways" in found.faults.rows[0]


def test_dates_without_an_infusion_ask_for_it():
    found = entered({}, "after", read_table("date,ferritin [ng/mL]\n2026-03-04,800\n"))
    assert "Fill in when the infusion began" in found.faults.rows[0]


def test_what_does_not_fit_the_prediction_time_is_said():
    table = read_table("day,ferritin [ng/mL]\n1,800\n20,9000\n21,9000\n")
    cohort = entered({}, "after", table).cohort
    assert "2 results or events lie after day 13" in _beyond(cohort, "day-13", 13)[0]
    assert _beyond(cohort.until(48.0), "day-2", 13) == []
    before = entered({}, "after", read_table("day,ferritin [ng/mL]\n-1,800\n")).cohort
    assert "No result from after the infusion" in _beyond(before, "day-1", 13)[0]
