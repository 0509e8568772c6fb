"""Dates as people write them: right, or refused; never another day in silence."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from riskmodel.cohort.written.dates import DAY_FIRST, MONTH_FIRST, date_order, iso_time
from riskmodel.cohort.written.times import parse_times

NAMES = {
    "English": "january february march april may june july august september october november "
    "december",
    "German": "januar februar märz april mai juni juli august september oktober november dezember",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre "
    "décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre "
    "novembre dicembre",
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro",
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november "
    "december",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november "
    "december",
}


@pytest.mark.parametrize("language", sorted(NAMES))
def test_names_of_months(language: str) -> None:
    for month, name in enumerate(NAMES[language].split(), start=1):
        for text in (
            f"9 {name} 2024",
            f"9. {name.title()} 2024 08:05",
            f"09-{name.upper()}-2024",
            f"9 de {name} de 2024",
        ):
            assert (iso_time(text) or "")[:10] == f"2024-{month:02}-09", text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12MAY24", "2024-05-12"),
        ("12-MAY-24 08:00:00 PM", "2024-05-12T20:00:00"),
        ("12MAY2024:08:05:00", "2024-05-12T08:05:00"),
        ("May 1st, 2024", "2024-05-01"),
        ("Wed, 01 May 2024 08:00", "2024-05-01T08:00"),
        ("1er mai 2024", "2024-05-01"),
        ("2024年5月1日 8時30分", "2024-05-01T08:30"),
        ("２０２４年５月１日", "2024-05-01"),
        ("01.05.2024, 8.05 Uhr", "2024-05-01T08:05"),
        ("01.05.2024 8h05", "2024-05-01T08:05"),
        ("2024-05-01 08:00 PM", "2024-05-01T20:00"),
        ("2024/05/01 12:05 a.m.", "2024-05-01T00:05"),
        ("31.12.2024 24:00", "2025-01-01T00:00"),
        ("2024\u201105\u201101", "2024-05-01"),
        ("01/05/2024 08:05:00.000", None),
        ("01-05-2024", None),
        ("01.05.24", None),
        ("05/01/24", None),
        ("03/03/2024", "2024-03-03"),
    ],
)
def test_a_date_alone(text: str, meant: str | None) -> None:
    assert iso_time(text) == meant


@pytest.mark.parametrize(
    "text",
    ["2024-05", "05/2024", "31.04.2024", "29-Feb-2023", "2024-05-UN", "01.05.2024 25:00",
     "2024-05-01 13:00 PM", "R6.5.1", "45413", "12/2024", "1.5.2024 08:00 CEST", "12MAY99"],
)  # fmt: skip
def test_what_is_no_date_names_no_instant(text: str) -> None:
    left = iso_time(text, DAY_FIRST)
    assert left is None or pd.isna(parse_times(pd.Series([left], dtype="str"))[0][0])


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["13/01/2024", "01/02/2024"], DAY_FIRST),
        (["01/13/2024", "01/02/2024"], MONTH_FIRST),
        (["05.13.2024", "01.02.2024"], MONTH_FIRST),
        (["13-01-2024"], DAY_FIRST),
        (["05/13/24"], MONTH_FIRST),
        (["13/05/24", "14/05/24"], DAY_FIRST),
        # Years, months and days just as well: nothing tells.
        (["24/05/01", "24/05/12"], ""),
        (["24/05/01"], ""),
        (["13/01/2024", "01/13/2024"], "mixed"),
        (["2024-05-13", "text"], ""),
    ],
)
def test_the_order_of_a_table(texts: list[str], order: str) -> None:
    assert date_order(texts) == order
    if order == "mixed":
        assert {iso_time(text, order) for text in texts} == {None}


@given(
    days=st.lists(st.integers(0, 12_000), min_size=1, max_size=20),
    order=st.sampled_from([DAY_FIRST, MONTH_FIRST]),
    mark=st.sampled_from("/-."),
    short=st.booleans(),
)
def test_a_table_of_figures_is_right_or_not_read(
    days: list[int], order: str, mark: str, short: bool
) -> None:
    meant = [date(2011, 1, 1) + timedelta(days=k) for k in days]
    parts = "%d{0}%m{0}%{1}" if order == DAY_FIRST else "%m{0}%d{0}%{1}"
    shown = [day.strftime(parts.format(mark, "y" if short else "Y")) for day in meant]
    found = date_order(shown)
    for text, day in zip(shown, meant, strict=True):
        assert iso_time(text, order) == day.isoformat()
        if mark == "." and order == MONTH_FIRST and found == "":
            continue  # with points nobody writes the month first but where it is told
        assert iso_time(text, found) in (None, day.isoformat())


@given(st.text(alphabet="0123456789.,/:- TZ<>e+年月", max_size=20))
def test_whatever_is_written_is_a_date_or_left_as_it_is(text: str) -> None:
    assert iso_time(text, DAY_FIRST) is None or isinstance(iso_time(text, DAY_FIRST), str)
    parse_times(pd.Series([text], dtype="str"))
