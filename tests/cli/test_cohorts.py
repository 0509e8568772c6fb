"""check: what is in a cohort, said to a person."""


def test_check_says_what_is_there(cli, small):
    code, out, _ = cli("check", small)
    assert code == 0
    for part in ("12 patients", "ferritin (ng/mL)", "Missing:", "Rejected: nothing."):
        assert part in out
