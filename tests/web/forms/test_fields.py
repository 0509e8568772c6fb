"""Fields of the forms: each names a column or an analyte of the contract."""

import pytest

from riskmodel.cohort import analytes
from riskmodel.cohort.schema import COLUMNS
from riskmodel.web.forms.fields import fields


@pytest.mark.parametrize("page", ["before", "after"])
def test_every_field_is_of_the_contract(page: str) -> None:
    names = [field.name for field in fields(page)]
    assert len(set(names)) == len(names)
    for field in fields(page):
        if field.kind == "lab":
            assert field.name in analytes()
        elif field.kind != "dose":
            assert field.name in COLUMNS["patients"]
