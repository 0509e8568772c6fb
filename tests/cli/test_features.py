"""features: the matrix, what it does not use, and the data dictionary."""

import pandas as pd

from riskmodel.features import load_catalogue, written


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
    assert "taken as missing: ferritin_last_to_threshold_log2 (1)" in err
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
    assert cli("features", small, "--at", "day-30", "--out", out)[0] == 2
    assert not out.exists()
