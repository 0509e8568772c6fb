"""The mapping file of a centre."""

from pathlib import Path

import pytest

from riskmodel.cohort.vocabulary.infusions import infusion_codes
from riskmodel.cohort.vocabulary.mapping import load_mapping
from riskmodel.errors import SchemaError


def test_a_mapping_names_all_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[infusion]\ncodes = "X"\nother = []\n[analytes]\nunicorns = ["a"]\n[source]\nx = 1\n'
    )
    with pytest.raises(SchemaError) as error:
        load_mapping(path)
    for part in ("codes", "'other'", "'unicorns'", "'x'"):
        assert part in str(error.value)


def test_a_mapping_adds_codes_and_names(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[infusion]\ncodes = ["OPS 5-936"]\nnames = ["in-house CAR"]\n')
    codes = infusion_codes(load_mapping(path))
    assert codes.product_of(code="ops5-936") == ""
    assert codes.product_of(text="In-House CAR, batch 3") == "in-house CAR"
    assert codes.product_of(code="XW033C3") == ""
