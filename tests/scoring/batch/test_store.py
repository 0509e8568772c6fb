"""What a run has done so far: kept, held by one, and never taken for another's."""

import os

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from riskmodel.errors import SchemaError
from riskmodel.models import load_model
from riskmodel.scoring.batch.store import (
    any_date,
    model_folder,
    own_store,
    part,
    prepare,
    read_part,
    rejected_of_part,
    write_part,
)
from riskmodel.scoring.writers.formats import INFUSION


def test_a_damaged_part_is_refused_and_the_old_file_stays(batch, hostile, models, tmp_path):
    out = tmp_path / "scores.csv"
    out.write_text("old\n")
    store = tmp_path / ".scores.csv.parts"

    def spoil(what: str, done: int, total: int) -> None:
        labs = store / "shards" / "labs.arrow"
        if what == "score" and done == 0:
            os.truncate(labs, labs.stat().st_size // 2)

    with pytest.raises(SchemaError, match=r"cannot be read: .*Run again without --resume"):
        batch(hostile, models, out, progress=spoil)

    def cut(what: str, done: int, total: int) -> None:
        if what == "write":
            os.truncate(store / "part-000002.parquet", 100)

    with pytest.raises(SchemaError, match=r"Part 2 .* cannot be read"):
        batch(hostile, models, out, progress=cut)
    assert out.read_text() == "old\n"


def test_resume_takes_nothing_from_another_run(batch, hostile, models, tmp_path):
    out = tmp_path / "scores.csv"

    def stop(what: str, done: int, total: int) -> None:
        if what == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(hostile, models, out, progress=stop)
    started = []
    batch(
        hostile, models, out, resume=True, explain=False,
        progress=lambda what, done, total: started.append((what, done)),
    )  # fmt: skip
    assert ("score", 0) in started
    assert "contribution_base" not in pd.read_csv(out).columns


def test_two_runs_do_not_write_one_output(batch, hostile, models, tmp_path):
    out = tmp_path / "scores.csv"

    def second(what: str, done: int, total: int) -> None:
        if what == "read":
            with pytest.raises(SchemaError, match="Another run writes"):
                batch(hostile, models, out)

    batch(hostile, models, out, progress=second)
    assert out.exists()


@pytest.fixture
def store(tmp_path):
    with own_store(tmp_path / "out.csv") as found:
        yield found


def test_a_store_that_nothing_was_kept_in_leaves_with_its_run(tmp_path):
    out = tmp_path / "deep" / "out.csv"
    with own_store(out) as found:
        assert found.is_dir()
        with pytest.raises(SchemaError, match="Another run writes"), own_store(out):
            pass
    assert list(out.parent.iterdir()) == []
    with own_store(out) as found:
        (found / "part").touch()
    with own_store(out) as again:  # the lock went with the run
        assert [path.name for path in again.iterdir()] == ["part"]


def test_what_was_done_is_kept_for_the_same_run_alone(store):
    prepare(store, "one", False, [])
    rows = pd.DataFrame({"risk": [0.1]})
    write_part(store, 0, rows, pd.DataFrame({"table": ["labs"], "count": [2]}))
    (store / ".half-written").touch()
    prepare(store, "one", True, [])
    assert not (store / ".half-written").exists()
    assert_frame_equal(read_part(store, 0), rows)
    assert rejected_of_part(store, 0).to_dict(orient="list") == {"table": ["labs"], "count": [2]}
    prepare(store, "two", True, [])
    assert not part(store, 0).exists()
    write_part(store, 0, rows, rows)
    prepare(store, "two", False, [])  # not asked to go on
    assert not part(store, 0).exists()


def test_a_run_scores_with_the_models_as_they_were_when_it_began(store, models):
    model = load_model(models[0])
    prepare(store, "one", False, [model])
    again = load_model(model_folder(store, 0))
    assert again.features == model.features
    assert (again.classifier.linear_coef_ == model.classifier.linear_coef_).all()


def test_any_date_is_found_in_any_part(store):
    never = pd.DataFrame({INFUSION: np.array(["NaT", "NaT"], dtype="datetime64[us]")})
    some = pd.DataFrame({INFUSION: np.array(["NaT", "2024-05-01"], dtype="datetime64[us]")})
    write_part(store, 0, never, never.iloc[:0])
    assert not any_date(store, 1)
    write_part(store, 1, some, some.iloc[:0])
    assert any_date(store, 2)
