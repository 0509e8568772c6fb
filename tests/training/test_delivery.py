"""Where a run goes: refused before the work, whole or not at all."""

import pytest

from riskmodel.cohort import read_cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation import ABOUT_FILE
from riskmodel.models import load_model
from riskmodel.training import train
from riskmodel.training.card import CALIBRATION_FILE
from riskmodel.training.delivery import Destinations


def test_registering_needs_tracking(simulated, tiny_design):
    with pytest.raises(SchemaError, match="cannot be registered without tracking"):
        train(read_cohort(simulated), "early", design=tiny_design, register="name", track=False)


def test_what_a_caller_gave_becomes_folders(tmp_path):
    found = Destinations.of(str(tmp_path / "m"), None, None, False)
    assert found.model == tmp_path / "m"
    assert found.evaluation is None
    found.check("pre_infusion")


@pytest.mark.parametrize("which", ["model", "evaluation"])
def test_a_folder_of_something_else_is_refused_before_any_work(
    tmp_path, which, simulated, tiny_design
):
    (tmp_path / "notes.txt").write_text("mine")
    given = {"out" if which == "model" else "evaluation_out": tmp_path}
    told = []
    with pytest.raises(SchemaError, match="It was left as it is"):
        train(read_cohort(simulated), "pre_infusion", design=tiny_design, track=False,
              progress=told.append, **given)  # fmt: skip
    assert told == []
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_run_goes_where_it_was_asked_to(trained, gathered_rows, plan, tmp_path):
    told = []
    goes = Destinations.of(tmp_path / "m", tmp_path / "e", None, False)
    version = goes.deliver(
        trained.model, gathered_rows.examples.X, plan, trained.evaluation, None, told.append
    )
    assert version is None
    assert told == ["write the evaluation", "write the model folder"]
    assert load_model(tmp_path / "m").version == trained.model.version
    assert (tmp_path / "e" / ABOUT_FILE).is_file()
    card = (tmp_path / "m" / "model_card.md").read_text(encoding="utf-8")
    assert (f"]({CALIBRATION_FILE})" in card) == (tmp_path / "m" / CALIBRATION_FILE).is_file()
    goes.check("pre_infusion")  # an earlier run is replaced


def test_nothing_asked_for_is_nothing_written(trained, gathered_rows, plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = []
    goes = Destinations.of(None, None, None, False)
    assert goes.deliver(trained.model, gathered_rows.examples.X, plan, trained.evaluation,
                        None, told.append) is None  # fmt: skip
    assert told == []
    assert list(tmp_path.iterdir()) == []


def test_without_tracking_there_is_no_run():
    with Destinations.of(None, None, None, False).run("a name") as opened:
        assert opened is None
