"""Numbers of the tables beside docs/evidence.md: each stands in the section that it cites."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from riskmodel.files import read_toml

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
SECTION = re.compile(r"\b([A-G](?:\.\d+)?)\b")
UNITS = (1, 10, 100, 1000, 0.01, 0.001, 88.543, 1 / 88.543)
"""Per cent and shares, 10*9/L and counts per uL, g/L and mg/dL, triglycerides' mmol/L and mg/dL."""
PRINTED = {"threshold", "share", "low", "high", "published", "fold", "interval", "incidence"}
OURS = "this project"


RANGE = re.compile(r"(\d[\d,]*(?:\.\d+)?)-(\d[\d,]*(?:\.\d+)?)(?![\d-])")


class Printed(NamedTuple):
    """Numbers of some sections, and the ranges among them."""

    numbers: frozenset[float]
    ranges: frozenset[tuple[float, float]]


def printed(text: str) -> Printed:
    plain = text.replace("~", "")
    numbers = {float(n.replace(",", "")) for n in NUMBER.findall(plain) if n.strip(",")}
    pairs = {tuple(float(end.replace(",", "")) for end in ends) for ends in RANGE.findall(plain)}
    numbers |= {end for pair in pairs for end in pair}
    return Printed(frozenset(numbers), frozenset(pairs))


@pytest.fixture(scope="module")
def sections(checkout: Path) -> dict[str, str]:
    """The text of each section of the page."""
    page = (checkout / "docs" / "evidence.md").read_text(encoding="utf-8")
    parts = re.split(r"^#{2,3} ([A-G](?:\.\d+)?)\b.*$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def tables(content: Any, source: str = "", path: str = "") -> Iterator[tuple[str, str, dict]]:
    """Every table with the source that stands for it: its own, or that of the table around it."""
    if isinstance(content, list):
        for k, part in enumerate(content):
            yield from tables(part, source, f"{path}[{k}]")
    elif isinstance(content, dict):
        source = str(content.get("source", content.get("incidence_source", source)))
        yield path, source, content
        for key, part in content.items():
            yield from tables(part, source, f"{path}.{key}")


def cited(source: str, sections: dict[str, str]) -> Printed:
    """What the sections print that a source names."""
    names = SECTION.findall(source)
    return printed(
        " ".join(
            text
            for name, text in sections.items()
            if any(name == c or name.startswith(f"{c}.") for c in names)
        )
    )


def stands(number: float, have: Printed) -> bool:
    return any(
        abs(number * unit - other) <= 1e-4 * max(abs(other), 1e-9)
        for unit in UNITS
        for other in have.numbers
    )


def derived(number: float, table: dict, have: Printed) -> bool:
    """A share of a printed count, the rest of a printed share, or the middle of a printed range."""
    if "of" in table:
        events, patients = table["of"]
        return (
            round(events / patients, 3) == number
            and stands(patients, have)
            and (stands(events, have) or stands(round(number, 3), have))
        )
    middles = {(low + high) / 2 * unit for low, high in have.ranges for unit in (1, 0.01)}
    rest = round(1 - number, 6)
    return stands(rest, have) or any(abs(number - middle) < 1e-9 for middle in middles)


FILES = (
    *(f"riskmodel/criteria/definitions/{name}.toml" for name in (
        "astct_2024", "astct_2023", "carhlh_2018", "prwcc_2023", "mas_l_2020", "hlh_2004",
        "hscore", "ohi_2022")),
    "riskmodel/criteria/course.toml",
    "riskmodel/criteria/incidence.toml",
    "riskmodel/simulation/tables/figures.toml",
    "riskmodel/simulation/tables/populations.toml",
)  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_printed_number_stands_in_the_section_that_it_cites(checkout, sections, name):
    wrong, seen = [], 0
    kind = "mix" if "populations" in name else ""
    for path, source, table in tables(read_toml(checkout / name)):
        if source.startswith((OURS, "assumption")) or not SECTION.search(source):
            continue
        have = cited(source, sections)
        # A population's share is its part of the simulated mix, which is no claim about practice.
        for key in PRINTED & set(table) - ({"share", "low", "high"} if "mix" in kind else set()):
            values = table[key] if isinstance(table[key], list) else [table[key]]
            for value in values:
                if isinstance(value, bool) or not isinstance(value, int | float):
                    continue
                seen += 1
                if not stands(value, have) and not derived(value, table, have):
                    wrong.append(f"{path}.{key} = {value} ({source})")
    assert wrong == []
    assert seen > (0 if "ohi" in name or "course" in name else 2)


def test_a_series_gives_the_share_in_print(checkout, sections):
    """Events over patients, to a tenth of a per cent, is what the cited section prints."""
    for entry in read_toml(checkout / "riskmodel" / "criteria" / "incidence.toml")["rate"]:
        if not entry.get("events"):
            continue
        have = cited(entry["source"], sections).numbers
        events, patients = entry["events"], entry["patients"]
        assert patients in have, entry
        share = 100 * events / patients
        printed = {n for n in have if abs(n - share) < 0.1}
        assert events in have or printed, entry


def test_what_is_from_memory_is_marked(checkout):
    """A table whose source says MEMORY, or second-hand, shows that nobody checked it."""
    folders = ("riskmodel/criteria", "riskmodel/simulation", "features", "training")
    found = 0
    for folder in folders:
        for file in (checkout / folder).rglob("*.toml"):
            for path, _, table in tables(read_toml(file)):
                source = str(table.get("source", ""))
                said = re.search(r"MEMORY|from memory|unverified|second-hand", source)
                if said and not source.startswith("Lichtenstein"):
                    assert table.get("unverified") is True, f"{file.name}{path}: {source}"
                    found += 1
    assert found > 20


def test_a_wrong_number_is_found(sections):
    have = cited("EVIDENCE.md A.1", sections)
    assert stands(150, have)
    assert stands(1.0, have)
    assert not stands(151, have)
    assert not derived(0.37, {"of": [1, 3]}, have)
    assert not derived(0.5123, {}, have)
