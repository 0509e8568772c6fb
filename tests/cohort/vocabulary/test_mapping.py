"""The mapping file of a centre."""

from pathlib import Path

import pytest

from riskmodel.cohort.vocabulary.infusions import infusion_codes
from riskmodel.cohort.vocabulary.mapping import load_mapping
from riskmodel.errors import SchemaError


def test_a_mapping_names_all_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[infusion]\ncodes = "X"\nother = []\nomop = [true]\n'
        '[analytes]\nunicorns = ["a"]\nldh = [1.5]\n[source]\nx = 1\nschema = 3\n[strange]\n'
    )
    with pytest.raises(SchemaError) as error:
        load_mapping(path)
    for part in (
        "'infusion.codes' is not a list of texts",
        "'infusion.other' is unknown (allowed: codes, names, omop)",
        "'infusion.omop' is not a list of whole numbers",
        "'analytes.unicorns' is no analyte of the contract",
        "'analytes.ldh' is not a list of codes",
        "'source.x' is unknown (allowed: schema, vocabulary_schema)",
        "'source.schema' is not a text",
        "'strange' is unknown (allowed: infusion, analytes, source)",
    ):
        assert part in str(error.value)


def test_codes_of_analytes_are_texts_of_the_source_or_concept_ids(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[analytes]\nldh = ["L", 12]\n[source]\nschema = "cdm"\n')
    found = load_mapping(path)
    assert (found.analytes, found.analytes_omop) == ({"L": "ldh"}, {12: "ldh"})
    assert (found.schema, found.vocabulary_schema) == ("cdm", None)


def test_a_mapping_adds_codes_and_names(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[infusion]\ncodes = ["OPS 5-936"]\nnames = ["in-house CAR"]\n')
    codes = infusion_codes(load_mapping(path))
    assert codes.product_of(code="ops5-936") == ""
    assert codes.product_of(text="In-House CAR, batch 3") == "in-house CAR"
    assert codes.product_of(code="XW033C3") == ""
