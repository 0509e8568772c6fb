"""Wrong usage ends with 2."""

import pytest


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
