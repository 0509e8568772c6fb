"""The forms of the output, and the endings that each takes."""

import json

import pytest

from riskmodel.errors import SchemaError
from riskmodel.scoring.writers import check_output
from riskmodel.scoring.writers.formats import FORMATS, INFUSION, OUTCOME, PLACE


@pytest.mark.parametrize(
    ("name", "form", "said"),
    [
        ("x.parquet", "fhir", r"Endings of format 'fhir': \.ndjson, \.json"),
        ("x.json", "cohort", r"Endings of format 'cohort': \.csv, \.parquet"),
    ],
)
def test_an_ending_that_a_format_does_not_have_is_refused(tmp_path, name, form, said):
    with pytest.raises(SchemaError, match=said):
        check_output(tmp_path / name, form)


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_writes_all_its_endings_in_any_case(tmp_path, name):
    for ending in FORMATS[name].endings:
        check_output(tmp_path / f"x{ending.upper()}", name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_folder_is_no_output(tmp_path, name):
    folder = tmp_path / f"x{FORMATS[name].endings[0]}"
    folder.mkdir()
    with pytest.raises(SchemaError, match="is a folder"):
        check_output(folder, name)


@pytest.mark.parametrize("name", FORMATS)
def test_a_form_is_a_table_or_resources_and_shows_none_of_the_writers_columns(rows_with, name):
    form = FORMATS[name]
    assert (form.table is None) != (form.resources is None)
    rows = rows_with(2).assign(**{PLACE: -1})
    if form.table is not None:
        assert not {INFUSION, OUTCOME, PLACE} & set(form.table(rows).columns)
    else:
        assert all("__" not in json.dumps(found) for found in form.resources(rows))
