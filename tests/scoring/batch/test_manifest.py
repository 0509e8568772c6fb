"""What a batch says of itself, and that it says nothing of a patient."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from riskmodel.models import load_model, save_model
from riskmodel.scoring.batch.manifest import Counts, digest_of, manifest, model_entry

TIMES = ["pre-infusion", "day-4", "today"]


def test_the_manifest_says_what_was_used_and_holds_no_patient(complete):
    out, made = complete
    text = out.with_name("scores.csv.manifest.json").read_text(encoding="utf-8")
    assert json.loads(text) == made
    for secret in ("S000", "own product", "cmd", "fifty", "lots"):
        assert secret not in text
    rows = pd.read_csv(out, dtype=str, keep_default_na=False)
    assert made["counts"]["status"] == rows["status"].value_counts().to_dict()
    assert sum(group["rows"] for group in made["counts"]["by_time"]) == len(rows)
    assert made["counts"]["reasons"]["rejected"] == {
        "duplicate_patient": 3,
        "patient_id_missing": 3,
    }
    assert made["counts"]["reasons"]["partial"]["unusable"] == 2
    scored = rows[rows["risk"] != ""].assign(n=lambda t: t["n_missing"].astype(int))
    for told in made["counts"]["missing_inputs"]:
        same = scored[
            (scored["prediction_time_hours"].astype(float) == told["prediction_time_hours"])
            & (scored["model_name"] == told["model"])
        ]["n"]
        assert told["rows"] == len(same) > 0
        assert (told["least"], told["most"]) == (same.min(), same.max())
        assert told["median"] == same.quantile(0.5, interpolation="lower")
    entry = made["models"][1]
    assert entry["inputs"] >= max(scored["n"])
    assert entry["stage"] == "early"
    assert entry["definition_version"]
    assert len(entry["sha256"]) == len(entry["catalogue_sha256"]) == 64
    assert made["options"]["at"] == TIMES
    assert set(made["input"]["files"]) == {"patients.csv", "labs.csv", "events.csv"}
    assert made["packages"]["xgboost"]


def rows_of_batch(n: int, seed: int) -> pd.DataFrame:
    """Score rows as a part of a batch holds them."""
    rng = np.random.default_rng(seed)
    known = rng.random(n) < 0.8
    return pd.DataFrame(
        {
            "prediction_time_hours": rng.choice([0.0, 96.0, 337.5, np.nan], n),
            "stage": rng.choice(["pre_infusion", "early"], n),
            "model_name": rng.choice(["one", "two"], n),
            "status": rng.choice(["scored", "partial", "rejected"], n),
            "risk": np.where(known, 0.1, np.nan),
            "n_missing": pd.Series(rng.integers(0, 5, n), dtype="Int64").where(known),
            "findings": rng.choice(["", "missing", "missing stale"], n),
        }
    )


def counts_of(*parts: pd.DataFrame) -> Counts:
    found = Counts()
    for part in parts:
        found.add(part)
    return found


@settings(max_examples=15)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 10**6))
def test_counts_do_not_depend_on_how_a_batch_was_cut(first, second, seed):
    one, two = rows_of_batch(first, seed), rows_of_batch(second, seed + 1)
    whole = counts_of(pd.concat([one, two])).entry()
    assert counts_of(two, one).entry() == whole
    merged = Counts()
    for part in (two, one):
        # As it comes from a process elsewhere: through JSON.
        merged.merge(json.loads(json.dumps(counts_of(part).state())))
    assert merged.entry() == whole
    assert sum(group["rows"] for group in whole["by_time"]) == whole["rows"] == first + second
    assert sum(whole["status"].values()) == first + second


def test_nothing_scored_is_an_entry_of_zeros():
    assert Counts().entry() == {
        "rows": 0, "status": {}, "by_time": [], "missing_inputs": [], "reasons": {}
    }  # fmt: skip


def test_a_digest_forgets_the_order_of_keys_and_nothing_else():
    one = digest_of({"a": 1, "b": [1, 2]})
    assert digest_of({"b": [1, 2], "a": 1}) == one
    for other in ({"a": 1, "b": [2, 1]}, {"a": 1.5, "b": [1, 2]}, {"a": "1", "b": [1, 2]}, {}):
        assert digest_of(other) != one
    with pytest.raises(ValueError, match="JSON"):
        digest_of({"a": float("nan")})


def test_the_digest_of_a_model_is_that_of_what_scores(models, tmp_path):
    model = load_model(models[0])
    one = model_entry(model, "somewhere")
    save_model(model, tmp_path / "copy")
    assert model_entry(load_model(tmp_path / "copy"), "somewhere") == one
    other = load_model(models[0])
    other.classifier.linear_coef_[0] += 1e-9
    assert model_entry(other, "somewhere")["sha256"] != one["sha256"]


def test_rejections_are_added_up_without_a_name():
    told = pd.DataFrame(
        {
            "table": ["labs", "labs", "patients"],
            "column": ["unit", "unit", "age_years"],
            "reason": ["unknown_unit", "unknown_unit", "not_a_number"],
            "detail": ["furlong", "stone", ""],
            "count": [2, 3, 1],
            "row": [1, 2, 3],
            "patient_id": ["S1", "S2", "S3"],
        }
    )
    made = manifest({}, {}, [], {}, told, {}, [], 0.12345)
    assert made["rejected_input"] == [
        {"table": "labs", "column": "unit", "reason": "unknown_unit", "rows": 5},
        {"table": "patients", "column": "age_years", "reason": "not_a_number", "rows": 1},
    ]
    assert made["seconds"] == 0.123
    for secret in ("S1", "furlong"):
        assert secret not in json.dumps(made)
