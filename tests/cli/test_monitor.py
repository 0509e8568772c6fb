"""monitor: sentences, a page or a table, and exit 1 on an alarm where that is asked for."""

import pandas as pd
import pytest


@pytest.fixture
def reference(cli, simulated, model_folders, tmp_path):
    """Scores of the patients for whom the model was found fit."""
    path = tmp_path / "reference.csv"
    model = model_folders["pre_infusion"]
    assert cli("score", simulated, "--model", model, "--at", "pre-infusion", "--out", path)[0] == 0
    return path


def test_the_table_holds_what_the_sentences_say(cli, small, model_folders, reference, tmp_path):
    out = tmp_path / "monitoring.csv"
    model = model_folders["pre_infusion"]
    code, said, err = cli(
        "monitor", small, "--model", model, "--reference", reference, "--out", out
    )
    assert code == 0, err
    assert "12 patients" in said
    assert len(pd.read_csv(out)) > 0


def test_an_output_of_another_kind_is_wrong_usage(cli, small, model_folders, reference, tmp_path):
    code, _, err = cli(
        "monitor", small, "--model", model_folders["pre_infusion"], "--reference", reference,
        "--out", tmp_path / "page.pdf",
    )  # fmt: skip
    assert code == 2
    assert "does not end in .html, .csv or .parquet" in " ".join(err.split())


def test_scores_that_are_none_are_one_sentence(cli, one_sentence, small, model_folders):
    code, _, err = cli(
        "monitor", small, "--model", model_folders["pre_infusion"],
        "--reference", small / "patients.csv",
    )  # fmt: skip
    assert code == 1
    one_sentence(err)
