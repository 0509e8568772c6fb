"""A model by any of its names, or one sentence that says which there are."""

import pytest

from riskmodel.errors import SchemaError
from riskmodel.models import load_model as load_folder
from riskmodel.scoring.find import load_model, model_folder, shipped_models


def test_every_shipped_model_is_found_by_its_name():
    assert {"early", "pre-infusion"} <= set(shipped_models())
    for name in shipped_models():
        found = load_model(name)
        assert found.fingerprint == load_folder(model_folder(name)).fingerprint
        assert found.features


def test_a_folder_goes_before_a_shipped_model_of_its_name(model_folders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert model_folder("early").is_absolute()
    (tmp_path / "early").symlink_to(model_folders["early"])
    assert load_model("early").fingerprint == load_folder(model_folders["early"]).fingerprint


def test_a_path_and_its_text_are_one(model_folders):
    one, two = load_model(model_folders["early"]), load_model(str(model_folders["early"]))
    assert one.fingerprint == two.fingerprint


@pytest.mark.parametrize("name", ["nothing", "early/../nowhere", "", "EARLY"])
def test_what_is_not_there_is_told_with_what_is(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SchemaError) as refused:
        load_model(name)
    said = str(refused.value)
    assert "not a model folder" in said or f"Shipped: {', '.join(shipped_models())}." in said


def test_a_folder_that_holds_no_model_is_told_so(tmp_path):
    with pytest.raises(SchemaError, match="not a model folder"):
        load_model(tmp_path)
