"""A model folder: the same model again, or one clear sentence."""

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from riskmodel.errors import SchemaError
from riskmodel.models import load_model, missing_range, save_model
from riskmodel.models.card import ModelCard
from riskmodel.models.storage import FORMAT


@pytest.fixture(scope="module")
def saved(make_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "pre-infusion"
    save_model(make_model(), folder)
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy")


def test_what_is_plausible_comes_back(saved, fitted, world):
    again = load_model(saved).classifier.plausible_
    for key in ("quantiles", "two_valued", "correlation"):
        np.testing.assert_array_equal(getattr(again, key), getattr(fitted.plausible_, key))


def test_predictions_are_the_same_to_the_last_bit(saved, fitted, world):
    again = load_model(saved).classifier
    X = pd.concat([world.X, pd.DataFrame(np.nan, index=[0], columns=world.X.columns)])
    assert (again.decision_function(X) == fitted.decision_function(X)).all()
    assert (again.predict_proba(X) == fitted.predict_proba(X)).all()
    assert (again.contributions(X) == fitted.contributions(X)).all(axis=None)
    for ours, theirs in zip(again.predict_interval(X), fitted.predict_interval(X), strict=True):
        assert (ours == theirs).all()


def test_everything_else_comes_back(saved, make_model, fitted, world):
    before, after = make_model(), load_model(saved)
    for key in ("name", "stage", "definition", "horizon_days", "catalogue", "ranges", "card"):
        assert getattr(after, key) == getattr(before, key)
    assert after.features == list(world.X.columns)
    assert after.classifier.get_params() == fitted.get_params()
    assert after.classifier.weights_.equals(fitted.weights_)


def test_saving_again_writes_the_same_bytes(saved, tmp_path):
    save_model(load_model(saved), tmp_path / "again")
    for path in saved.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_only_native_files_and_no_patient_values(saved, world):
    assert {path.suffix for path in saved.iterdir()} == {".ubj", ".json"}
    text = (saved / "model.json").read_text()
    first = world.X.iloc[0].dropna()
    assert not any(repr(float(value)) in text for value in first if value not in (0, 1))


def test_a_model_is_replaced_and_nothing_else_is(make_model, tmp_path):
    model = make_model()
    save_model(model, tmp_path / "m")
    save_model(model, tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    other = tmp_path / "letters"
    other.mkdir()
    (other / "letter.txt").write_text("keep")
    with pytest.raises(SchemaError, match="left as it is"):
        save_model(model, other)
    assert (other / "letter.txt").read_text() == "keep"
    with pytest.raises(SchemaError, match="left as it is"):
        save_model(model, other / "letter.txt")


def test_metadata_that_json_cannot_hold_leaves_nothing(make_model, tmp_path):
    model = make_model(card=ModelCard.model_validate({"auroc": float("nan")}))
    with pytest.raises(SchemaError, match="finite"):
        save_model(model, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_numbers_is_one_line_and_texts_stay(make_model, fitted, tmp_path):
    notes = ["said [\n 1, 2]", "[", "1,\n 2]"]
    save_model(make_model(card=ModelCard.model_validate({"notes": notes})), tmp_path / "m")
    text = (tmp_path / "m" / "model.json").read_text()
    line = next(line for line in text.splitlines() if '"coefficients"' in line)
    assert json.loads(line.partition(": ")[2].rstrip(",")) == fitted.linear_coef_.tolist()
    assert load_model(tmp_path / "m").card.as_dict() == {"notes": notes}


def test_no_folder(tmp_path):
    with pytest.raises(SchemaError, match="not a model folder"):
        load_model(tmp_path / "absent")


def test_missing_tree_file(copy):
    (copy / "trees-0-01.ubj").unlink()
    with pytest.raises(SchemaError, match=r"lacks the file 'trees-0-01\.ubj'"):
        load_model(copy)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-20], lambda raw: raw[:-1] + b"x"])
def test_damaged_tree_file(copy, damage):
    path = copy / "trees-0-00.ubj"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SchemaError, match="checksum"):
        load_model(copy)


def test_truncated_json(copy):
    path = copy / "model.json"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SchemaError, match="truncated or not JSON"):
        load_model(copy)


def edit(copy, change):
    path = copy / "model.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["classifier"].update(intercept=0.0),
        lambda c: c["about"].update(horizon_days=28.0),
        lambda c: c["trees"].pop("trees-0-00.ubj"),
        lambda c: c.pop("about"),
        lambda c: c.pop("sha256"),
        lambda c: c.update(extra=1),
    ],
)
def test_tampered_json(copy, change):
    edit(copy, change)
    with pytest.raises(SchemaError, match="changed after it was written"):
        load_model(copy)


def test_newer_format(copy):
    edit(copy, lambda c: c.update(format=FORMAT + 1))
    with pytest.raises(SchemaError, match=rf"format {FORMAT + 1}.*Install a newer riskmodel"):
        load_model(copy)


def test_a_model_of_format_1_is_read_and_its_features_are_taken_as_independent(copy, world):
    """Format 1 holds no quantiles and no correlation."""

    def older(content):
        del content["classifier"]["plausible"]
        body = {key: content[key] for key in ("about", "classifier", "trees")}
        canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
        content.update(format=1, sha256=hashlib.sha256(canonical.encode()).hexdigest())

    before = load_model(copy).classifier
    edit(copy, older)
    model = load_model(copy)
    X = world.X.iloc[:20]
    assert (model.classifier.decision_function(X) == before.decision_function(X)).all()
    assert (model.classifier.plausible_.correlation == np.eye(12)).all()
    found = missing_range(model, X.assign(f3=np.nan))
    assert (found["risk_if_low"] < found["risk_if_high"]).all()


@pytest.mark.parametrize("content", ["[]", "{}", '{"format": "x"}'])
def test_foreign_json(tmp_path, content):
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(SchemaError, match="not a model of riskmodel"):
        load_model(tmp_path)
