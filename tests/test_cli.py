"""The commands as a user runs them: files made, exit codes, one sentence for bad input."""

import shutil
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from riskmodel import RESEARCH_USE, __version__
from riskmodel.cli import app, main
from riskmodel.features import load_catalogue
from riskmodel.features.dictionary import written


def run(capfd: pytest.CaptureFixture[str], monkeypatch, *words: object) -> tuple[int, str, str]:
    """Run the entry point in this process and return its exit code and both outputs."""
    monkeypatch.setattr("sys.argv", ["riskmodel", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capfd.readouterr()
    return int(stop.value.code or 0), out, err


@pytest.fixture
def cli(capfd, monkeypatch):
    """Run a command of the command line."""
    return lambda *words: run(capfd, monkeypatch, *words)


@pytest.fixture
def small(simulated: Path, tmp_path: Path) -> Path:
    """A copy of the simulated cohort's first patients, to be broken by the test."""
    folder = tmp_path / "small"
    folder.mkdir()
    patients = pd.read_csv(simulated / "patients.csv", dtype=str).head(12)
    patients.to_csv(folder / "patients.csv", index=False)
    for name in ("labs", "events"):
        rows = pd.read_csv(simulated / f"{name}.csv", dtype=str)
        kept = rows[rows["patient_id"].isin(patients["patient_id"])]
        kept.to_csv(folder / f"{name}.csv", index=False)
    return folder


def one_sentence(err: str) -> None:
    """The refusal is text for a person: no traceback, and it ends in a full stop."""
    assert "Traceback" not in err
    last = err.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert last.endswith(".")


def test_version_and_help(cli):
    assert cli("--version")[1] == f"riskmodel {__version__}\n"
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0


def test_check_says_what_is_there(cli, small):
    code, out, _ = cli("check", small)
    assert code == 0
    for part in ("12 patients", "ferritin (ng/mL)", "Missing:", "Rejected: nothing."):
        assert part in out


def test_label_and_features_write_what_the_contract_says(cli, small, tmp_path):
    labels, features = tmp_path / "labels.parquet", tmp_path / "features.csv"
    assert cli("label", small, "--definition", "astct-2024", "--out", labels)[0] == 0
    assert cli("features", small, "--at", "day-3", "--out", features)[0] == 0
    from riskmodel.criteria import LEADING_COLUMNS

    written = pd.read_parquet(labels)
    assert list(written.columns[:8]) == list(LEADING_COLUMNS)
    assert len(written) == 12
    assert set(written["outcome"]) <= {"event", "no_event", "competing", "lost", "not_assessed"}
    built = pd.read_csv(features)
    assert list(built.columns[:2]) == ["patient_id", "prediction_time_hours"]
    assert (built["prediction_time_hours"] == 72).all()


def test_features_names_what_it_does_not_use_once_and_what_figures_rest_on(cli, small, tmp_path):
    patients = pd.read_csv(small / "patients.csv", dtype=str)
    patients.assign(hair="x").to_csv(small / "patients.csv", index=False)
    labs = pd.read_csv(small / "labs.csv", dtype=str)
    labs.loc[:4, "analyte"] = "procalcitonin"
    first = labs.index[labs["analyte"] == "ferritin"][0]
    labs.loc[first, ["value", "hours_from_infusion"]] = ["4000000", "71.9"]
    labs.to_csv(small / "labs.csv", index=False)
    out, sources = tmp_path / "features.csv", tmp_path / "sources.csv"
    code, _, err = cli("features", small, "--at", "day-3", "--out", out, "--sources", sources)
    assert code == 0
    assert err.count("patients.hair") == err.count("analyte 'procalcitonin'") == 1
    assert "taken as missing: ferritin_last_log10 (1)" in err
    _, out_of_check, _ = cli("check", small)
    assert out_of_check.count("patients.hair") == out_of_check.count("procalcitonin") == 1
    rests = pd.read_csv(sources)
    assert list(rests.columns[:3]) == ["patient_id", "tumor_burden_source", "easix_log2_missing"]
    built = pd.read_csv(out)
    assert rests["patient_id"].tolist() == built["patient_id"].tolist()
    missing = rests["m_easix_log2_now_missing"].notna()
    assert missing.tolist() == built["m_easix_log2_now"].isna().tolist()


def test_features_prints_the_data_dictionary(cli):
    for form in ("text", "markdown", "html"):
        code, out, _ = cli("features", "--list", "--format", form)
        assert code == 0
        assert out == written(load_catalogue(), form)


def test_features_without_a_cohort_or_with_one_too_many_is_wrong_usage(cli, small, tmp_path):
    out = tmp_path / "f.csv"
    assert cli("features")[0] == 2
    assert cli("features", small, "--at", "day-3")[0] == 2
    assert cli("features", small, "--out", out)[0] == 2
    assert cli("features", small, "--list")[0] == 2
    assert cli("features", small, "--at", "day-14", "--out", out)[0] == 2
    assert not out.exists()


def test_train_then_score_from_the_folder(cli, simulated, small, tiny_design, tmp_path):
    model, scores = tmp_path / "model", tmp_path / "scores.csv"
    code, out, err = cli(
        "train", simulated, "--stage", "pre_infusion", "--labels", "adjudicated",
        "--design", tiny_design, "--out", model, "--no-track",
    )  # fmt: skip
    assert code == 0, err
    assert "auroc" in out
    assert RESEARCH_USE in out
    code, out, err = cli("score", small, "--model", model, "--at", "pre-infusion", "--out", scores)
    assert code == 0, err
    table = pd.read_csv(scores)
    assert len(table) == 12
    assert table["risk"].between(0, 1).all()
    assert (table["definition"] == "adjudicated").all()
    assert table["note"].str.contains("Trained on simulated patients").all()


def test_report_writes_one_page(cli, small, model_folders, tmp_path):
    page = tmp_path / "page.html"
    patient = pd.read_csv(small / "patients.csv", dtype=str)["patient_id"][0]
    code, _, err = cli(
        "report", small, "--patient", patient, "--model", model_folders["early"], "--out", page
    )
    assert code == 0, err
    text = unescape(page.read_text(encoding="utf-8"))
    assert RESEARCH_USE in text
    assert "<svg" in text


@pytest.mark.parametrize(
    ("table", "change", "reason"),
    [
        ("labs", lambda t: t.assign(unit=t["unit"].where(t.index > 0, "furlong")), "unknown_unit"),
        (
            "labs",
            lambda t: t.assign(analyte=t["analyte"].where(t.index > 0, "unicorns")),
            "unknown_analyte",
        ),
        (
            "labs",
            lambda t: t.assign(value=t["value"].where(t.index > 0, "high")),
            "value_not_a_number",
        ),
        (
            "events",
            lambda t: t.assign(hours_from_infusion="-9e9").head(1),
            "time_before_birth",
        ),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_scored(
    cli, small, model_folders, tmp_path, table, change, reason
):
    path = small / f"{table}.csv"
    change(pd.read_csv(path, dtype=str)).to_csv(path, index=False)
    scores = tmp_path / "scores.csv"
    model = model_folders["pre_infusion"]
    code, _, err = cli("score", small, "--model", model, "--at", "pre-infusion", "--out", scores)
    assert code == 0
    assert f"[{reason}]" in err
    assert len(pd.read_csv(scores)) == 12
    assert cli("check", small, "--strict")[0] == 1


def test_a_contradicting_patient_leaves_as_rejected(cli, small, model_folders, tmp_path):
    path = small / "patients.csv"
    rows = pd.read_csv(path, dtype=str)
    again = rows.head(1).assign(age_years="77")
    pd.concat([rows, again]).to_csv(path, index=False)
    scores = tmp_path / "scores.csv"
    model = model_folders["pre_infusion"]
    code, _, err = cli("score", small, "--model", model, "--at", "pre-infusion", "--out", scores)
    assert code == 0
    assert "[duplicate_patient]" in err
    table = pd.read_csv(scores).set_index("patient_id")
    assert len(table) == 12
    refused = table.loc[rows["patient_id"][0]]
    assert (refused["status"], refused["reason"]) == ("rejected", "duplicate_patient")
    assert np.isnan(refused["risk"])


@pytest.mark.parametrize("command", ["check", "label", "features", "score", "train"])
def test_structural_faults_end_with_one_sentence_and_no_file(
    cli, small, model_folders, tmp_path, command
):
    out = tmp_path / "out.csv"
    more = {
        "check": [],
        "label": ["--out", out],
        "features": ["--at", "day-1", "--out", out],
        "score": ["--model", model_folders["early"], "--at", "day-1", "--out", out],
        "train": ["--stage", "early", "--out", tmp_path / "model", "--no-track"],
    }[command]
    (small / "labs.csv").unlink()
    code, _, err = cli(command, small, *more)
    assert code == 1
    one_sentence(err)
    assert "labs.csv" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small"]


def test_a_cohort_without_events_cannot_be_trained_on(cli, small, tmp_path):
    events = pd.read_csv(small / "events.csv", dtype=str)
    events[events["event"] != "iec_hs"].to_csv(small / "events.csv", index=False)
    code, _, err = cli(
        "train", small, "--stage", "pre_infusion", "--labels", "adjudicated",
        "--out", tmp_path / "model", "--no-track",
    )  # fmt: skip
    assert code == 1
    one_sentence(err)
    assert "no event to train on" in err
    assert not (tmp_path / "model").exists()


def test_a_damaged_model_is_refused(cli, small, model_folders, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(model_folders["early"], broken)
    path = broken / "model.json"
    path.write_bytes(path.read_bytes()[:-40])
    out = tmp_path / "out.csv"
    code, _, err = cli("score", small, "--model", broken, "--at", "day-2", "--out", out)
    assert code == 1
    one_sentence(err)
    assert not out.exists()


@pytest.mark.parametrize(("stage", "at"), [("early", "pre-infusion"), ("pre_infusion", "day-2")])
def test_a_model_of_another_stage_is_refused(cli, small, model_folders, tmp_path, stage, at):
    out = tmp_path / "out.csv"
    code, _, err = cli("score", small, "--model", model_folders[stage], "--at", at, "--out", out)
    assert code == 1
    one_sentence(err)
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["score", ".", "--model", "m", "--at", "day-99", "--out", "x.csv"],
        ["score", ".", "--model", "m", "--at", "day-2", "--out", "x.xlsx"],
        ["train", ".", "--stage", "late", "--out", "m"],
        ["label", "."],
        ["nothing"],
    ],
)
def test_wrong_usage_is_exit_2(cli, words):
    assert cli(*words)[0] == 2


def test_an_unknown_model_lists_what_there_is(cli, small, tmp_path):
    code, _, err = cli(
        "score", small, "--model", "nonesuch", "--at", "day-2", "--out", tmp_path / "x.csv"
    )
    assert code == 1
    one_sentence(err)
    assert "early" in err


def test_training_is_refused_before_any_work(cli, simulated, tmp_path, monkeypatch):
    """A place, name, store, definition or design that cannot be used costs no training."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    words = ["train", simulated, "--stage", "pre_infusion", "--design", "quick"]
    for more, part in (
        (["--out", tmp_path / "file"], "is a file"),
        (["--out", tmp_path / "file" / "model"], "is a file"),
        (["--out", "m", "--register", "a/b"], "'a/b' is not usable"),
        (["--out", "m", "--definition", "nosuch"], "'nosuch' is unknown"),
        (
            ["--out", "m", "--design", "nosuch"],
            "Shipped: default, leave-one-centre-out, quick, shipped",
        ),
    ):
        code, _, err = cli(*words, *more)
        assert code == 1, more
        one_sentence(err)
        assert part in err
        assert "cross-validation" not in err
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "foo://user:secret@host")
    code, _, err = cli(*words, "--out", "m")
    assert code == 1
    one_sentence(err)
    assert "secret" not in err
    assert not (tmp_path / "m").exists()


def test_a_folder_that_is_no_model_is_never_overwritten(cli, simulated, tiny_design, tmp_path):
    treasure = tmp_path / "thesis"
    treasure.mkdir()
    (treasure / "chapter.txt").write_text("years of work")
    code, _, err = cli(
        "train", simulated, "--stage", "pre_infusion", "--design", tiny_design,
        "--out", treasure, "--no-track",
    )  # fmt: skip
    assert code == 1
    one_sentence(err)
    assert (treasure / "chapter.txt").read_text() == "years of work"
