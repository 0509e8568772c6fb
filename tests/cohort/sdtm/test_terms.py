"""The table of terms: each means one thing, of the contract."""

from riskmodel.cohort.schema import EVENT_NAMES
from riskmodel.cohort.sdtm.terms import meaning, terms
from riskmodel.cohort.units import recorded


def test_terms_mean_what_the_contract_knows() -> None:
    assert set(meaning("events").values()) <= EVENT_NAMES
    assert set(meaning("tests").values()) <= set(recorded())
    for table in ("events", "tests"):
        listed = [t for n, names in terms()[table].items() if n != "lasting" for t in names]
        assert len(listed) == len(set(listed))
        assert all(term == term.upper() for term in listed)
