"""label writes what the contract says."""

import pandas as pd


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


def test_the_reading_of_crs_stands_in_the_name(cli, small, tmp_path):
    out = tmp_path / "labels.csv"
    assert cli("label", small, "--require-new-after-crs", "strict", "--out", out)[0] == 0
    assert set(pd.read_csv(out)["definition"]) == {"astct-2024/strict"}
    other = ("--definition", "hlh-2004", "--require-new-after-crs", "off")
    assert cli("label", small, *other, "--out", out)[0] == 1
