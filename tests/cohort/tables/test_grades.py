"""Grades and answers as people write them."""

import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.tables.grades import read_grade, said_end, said_no


@given(
    st.integers(0, 5),
    st.sampled_from(["{}", "Grade {}", "grade{}", "G{}", "G {}", "gr. {}", "Grad {}", "{}.0",
                     "CTCAE grade {}", "ASTCT Grade {}", "GRADE: {}", " {} "]),
)  # fmt: skip
def test_a_grade_is_read_in_every_form(grade, form):
    assert read_grade(form.format(grade)) == grade


@pytest.mark.parametrize(
    ("text", "grade"),
    [("III", 3), ("iv", 4), ("Grade II", 2), ("3a", 3), ("2b", 2), ("none", 0), ("no", 0),
     ("absent", 0), ("Grade 0", 0)],
)  # fmt: skip
def test_words_and_roman_numbers(text, grade):
    assert read_grade(text) == grade


@pytest.mark.parametrize(
    "text",
    [">=3", "\u2265 3", "<3", "1-2", "2/3", "high", "unknown", "N/A", "?", "2.5", "not graded"],
)
def test_what_is_no_grade_is_unknown_never_0(text):
    assert read_grade(text) is None


@pytest.mark.parametrize(
    "text",
    ["no", "No", "0", "0.0", "FALSE", "none", "nein", "not given", "Not given.", "0 mg", "absent",
     "negative", "never", "nicht gegeben", "did not occur", "no evidence of bleeding"],
)  # fmt: skip
def test_no_in_many_words(text):
    assert said_no(text)


@pytest.mark.parametrize(
    "text",
    ["yes", "1", "8 mg/kg", "", "unknown", "not known", "not reported", "not assessed", "n/a",
     "0.5 mg", "10 mg", "nose", "NK cells", "100 mg", "no response to steroids", "mask"],
)  # fmt: skip
def test_other_details_say_no_such_thing(text):
    assert not said_no(text)


def test_ends_in_words():
    assert all(said_end(text) for text in ("end", "Resolved", "stopped.", "beendet"))
    assert not any(said_end(text) for text in ("", "start", "no", "ongoing", "endotracheal"))


@pytest.mark.parametrize(
    "text",
    ["alive", "lebt", "Nej", "niet", "negativo", "\u306a\u3057", "ruled out", "None observed",
     "not applicable", "planned", "held", "refused", "aucun", "sin evidencia de fiebre"],
)  # fmt: skip
def test_more_ways_to_say_no(text: str) -> None:
    assert said_no(text)


@pytest.mark.parametrize(
    "text", ["yes", "ja", "s\u00ed", "\u3042\u308a", "given", "suspected", "noted", "n/d"]
)
def test_what_says_no_such_thing(text: str) -> None:
    assert not said_no(text)
