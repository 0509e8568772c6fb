"""Write thirty differently dirty files of invented patients: the export of docs/first_cohort.md.

Each patient's results stand in a file of its own, in the form of another hospital: separators,
encodings, decimal signs, dates, units, headings and layouts as they are met. `truth` says what
they mean.
"""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

PATIENTS = 28
DAYS = (-2, 1, 3, 6)
FIRST = datetime(2024, 3, 4, 10)
ANALYTES = ("ferritin", "crp", "platelets", "wbc")


class Style(NamedTuple):
    """How one hospital writes."""

    separator: str
    decimal: str
    thousands: str
    date: str
    encoding: str
    layout: str
    end: str


STYLES = (
    Style(",", ".", "", "%Y-%m-%d %H:%M", "utf-8", "long", "\n"),
    Style(";", ",", ".", "%d.%m.%Y %H:%M", "cp1252", "long", "\r\n"),
    Style("\t", ".", ",", "%m/%d/%Y %H:%M", "utf-16", "long", "\n"),
    Style(";", ",", "\u00a0", "%d/%m/%Y %H:%M", "utf-8-sig", "wide", "\r\n"),
    Style(",", ".", "'", "%d%b%Y %H:%M", "utf-8", "wide", "\r"),
    Style(",", ".", "", "%Y-%m-%d %H:%M", "utf-8", "across", "\n"),
    Style(";", ",", ".", "%Y-%m-%dT%H:%M:%S", "utf-8", "across", "\n"),
)
NAMES = (
    ("Ferritin", "CRP", "Platelets", "WBC"),
    ("FERRITIN, SERUM", "C-Reactive Protein", "Thrombozyten", "Leukozyten"),
    ("Ferritin [Mass/volume] in Serum or Plasma", "hs-CRP", "Platelet Count", "Leukocytes"),
)
UNITS = (("ng/mL", "mg/L", "10*9/L", "K/uL"), ("\u00b5g/l", "mg/l", "G/l", "Gpt/l"),
         ("ug/L", "mg/dL", "/nL", "x10(9)/L"))  # fmt: skip
SCALES = {"mg/dL": 0.1}
HEADINGS = (
    ("MRN", "Collection date", "Test", "Result", "Units"),
    ("PatNr", "Abnahmedatum", "Parameter", "Ergebnis", "Einheit"),
    ("Patient_ID", "DATE", "Component", "VALUE", "UNIT"),
)


def infusion(k: int) -> datetime:
    """Infusion of patient k."""
    return FIRST + timedelta(days=3 * k)


def results(k: int) -> Iterator[tuple[int, str, float, str]]:
    """Day, analyte, value and comparator of each result of patient k, in canonical units."""
    for n, day in enumerate(DAYS):
        yield day, "ferritin", 512.5 + 1000 * n + 13 * k, ">" if n == 3 and k % 4 == 0 else ""
        yield day, "crp", 4.2 + 11 * n + k, ""
        yield day, "platelets", float(180 - 30 * n - k), ""
        yield day, "wbc", round(5.25 - n + k / 20, 2), ""


def number(value: float, style: Style) -> str:
    """A number as a hospital writes it."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return text.replace(",", "\0").replace(".", style.decimal).replace("\0", style.thousands)


def cell(text: str, style: Style) -> str:
    """A cell, in quotation marks where it holds the separator."""
    return f'"{text}"' if style.separator in text else text


def lines(k: int) -> Iterator[list[str]]:
    """The cells of patient k's file."""
    style, names, heads = STYLES[k % 7], NAMES[k % 3], HEADINGS[k % 3]
    units = dict(zip(ANALYTES, UNITS[k % 3], strict=True))
    shown = dict(zip(ANALYTES, names, strict=True))
    who = f"P{k:02}"
    times = {
        day: (infusion(k) + timedelta(days=day, hours=-2)).strftime(style.date) for day in DAYS
    }
    values = {
        (day, name): f"{sign}{number(value * SCALES.get(units[name], 1), style)}"
        for day, name, value, sign in results(k)
    }
    if style.layout == "long":
        yield list(heads)
        for (day, name), value in values.items():
            flag = " H" if name == "crp" and style.separator == "\t" else ""
            yield [who, times[day], shown[name], value + flag, units[name]]
        yield [who, times[1], shown["crp"], "9999999", units["crp"]]
    elif style.layout == "wide":
        yield [*heads[:2], *(f"{shown[name]} ({units[name]})" for name in ANALYTES)]
        for day in DAYS:
            yield [who, times[day], *(values[day, name] for name in ANALYTES)]
    else:
        yield [heads[0], heads[2], heads[4], *times.values()]
        for name in ANALYTES:
            yield [who, shown[name], units[name], *(values[day, name] for day in DAYS)]


def people() -> Iterator[list[str]]:
    """The cells of the file of patients."""
    yield ["MRN", "CAR-T infusion date", "Product", "Diagnosis", "Age", "Gender", "Remark"]
    for k in range(PATIENTS):
        product, disease = (("Yescarta", "LBCL"), ("Carvykti", "MM"))[k % 2]
        yield [f"P{k:02}", f"{infusion(k):%d.%m.%Y %H:%M}", product, disease, str(40 + k),
               ("male", "F")[k % 2], "ok"]  # fmt: skip


def courses() -> Iterator[list[str]]:
    """The cells of the file of the course: a registry's question a column."""
    yield ["MRN", "CRS grade", "CRS onset date", "Tocilizumab given", "Tocilizumab date"]
    for k in range(PATIENTS):
        onset = f"{infusion(k) + timedelta(days=k % 3):%d.%m.%Y}" if k % 4 else ""
        grade = (f"Grade {k % 4}", "none", "III", f"G{k % 4}")[k % 4] if k % 4 else ""
        given = ("no", "yes")[k % 2]
        yield [f"P{k:02}", grade, onset, given, onset if k % 2 else ""]


def main(folder: Path) -> None:
    """Write the thirty files."""
    folder.mkdir(parents=True)
    plain = Style(";", ",", "", "", "utf-8", "", "\n")
    files = {f"labs_P{k:02}.csv": (lines(k), STYLES[k % 7]) for k in range(PATIENTS)}
    for name, (rows, style) in {
        "patients.csv": (people(), plain), "course.csv": (courses(), plain), **files,
    }.items():  # fmt: skip
        text = style.end.join(
            style.separator.join(cell(part, style) for part in row) for row in rows
        )
        (folder / name).write_bytes(text.encode(style.encoding))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
