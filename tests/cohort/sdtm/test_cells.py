"""Cells of any type as text."""

import pandas as pd
import pytest

from riskmodel.cohort.sdtm.cells import text_of, texts_of


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        ([7.0, None], ["7", ""]),
        ([0.1, 1e15], ["0.1", "1e+15"]),
        ([" a ", None], ["a", ""]),
        ([7, 8], ["7", "8"]),
    ],
)
def test_cells(cells: list, texts: list[str]) -> None:
    assert text_of(pd.DataFrame({"X": cells}), "X").tolist() == texts
    assert texts_of(pd.DataFrame({"X": cells}), "X", "Y") == [texts, ["", ""]]
