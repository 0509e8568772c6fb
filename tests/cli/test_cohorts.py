"""check: what is in a cohort, said to a person."""


def test_check_says_what_is_there(cli, small):
    code, out, _ = cli("check", small)
    assert code == 0
    for part in ("12 patients", "ferritin (ng/mL)", "Missing:", "Rejected: nothing."):
        assert part in out


def test_check_reads_the_decimal_sign_that_is_stated_and_writes_what_it_read(cli, tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "patients.csv").write_text("patient_id\nP1\n")
    (folder / "events.csv").write_text("patient_id,event,time\n")
    (folder / "labs.csv").write_text(
        "patient_id,hours_from_infusion,analyte,value,unit\nP1,5,ferritin,2.155,ng/mL\n"
    )
    code, out, _ = cli("check", folder)
    assert code == 0
    assert "[number_two_ways]" in out
    assert "say which with --decimal" in out
    code, out, _ = cli("check", folder, "--decimal", ",", "--out", tmp_path / "read")
    assert code == 0
    assert "Rejected: nothing." in out
    code, out, _ = cli("check", tmp_path / "read")
    assert "ferritin (ng/mL): 1 results" in out
    code, _, err = cli("check", folder, "--decimal", ",", "--thousands", ",")
    assert code == 1
    assert "decimal sign" in err


def test_what_check_wrote_reads_back_whatever_its_numbers(cli, tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "patients.csv").write_text("patient_id\nP1\n")
    (folder / "events.csv").write_text("patient_id,event,time\n")
    (folder / "labs.csv").write_text(
        "patient_id,hours_from_infusion,analyte,value,unit\nP1,5,ferritin,2.155,ng/mL\n"
    )
    assert cli("check", folder, "--decimal", ".", "--out", tmp_path / "read")[0] == 0
    text = (tmp_path / "read" / "labs.csv").read_text()
    assert "2.155" in text
    code, out, _ = cli("check", tmp_path / "read")
    assert code == 0
    assert "Rejected: nothing." in out
