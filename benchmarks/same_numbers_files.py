"""Where two folders of output differ: tables by cell, JSON by leaf, pages by their words."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import SequenceMatcher
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

# Of the run, not of the result.
_VOLATILE = {"created_with", "seconds", "packages"}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PORT = re.compile(r"(127\.0\.0\.1|localhost):\d+")
_SECONDS = re.compile(r"\b\d+(\.\d+)? ?s\b(?= |\.|$)")
_READ_ALOUD = ("alt", "aria-label", "title", "value", "content", "href")
_ABSENT = "(absent)"


KINDS = ("numbers", "words", "more", "drawing")  # the first two fail


@dataclass(frozen=True)
class Difference:
    """The first place where a file differs; `more`: all that was there is the same."""

    file: str
    place: str
    values: tuple[str, str] | None = None
    kind: str = "numbers"

    def __str__(self) -> str:
        shown = "" if self.values is None else ": {!r} -> {!r}".format(*self.values)
        return f"{self.file}, {self.place}{shown}"


def compare_folders(before: Path, after: Path, *, show: bool) -> list[Difference]:
    """The first difference of each file, the gravest kind first; values only with `show`."""
    found = []
    for name in sorted({*_files(before), *_files(after)}):
        one = _compare(name, before / name, after / name)
        if one is not None:
            values = one.values and (one.values[0][:80], one.values[1][:80])
            found.append(Difference(name, one.place, values if show else None, one.kind))
    return sorted(found, key=lambda one: KINDS.index(one.kind))


def _files(folder: Path) -> Iterator[str]:
    return (str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def _compare(name: str, before: Path, after: Path) -> Difference | None:
    if not after.is_file():
        return Difference(name, "no such file after")
    if not before.is_file():
        return Difference(name, "no such file before", kind="more")
    if before.read_bytes() == after.read_bytes():
        return None
    ending = before.suffix
    if ending == ".csv":
        return _frames(name, _as_written(before), _as_written(after))
    if ending == ".parquet":
        return _frames(name, pd.read_parquet(before), pd.read_parquet(after))
    if ending in (".json", ".ndjson"):
        return _trees(name, _leaves(before), _leaves(after))
    if ending in (".html", ".svg"):
        found = _texts(name, _words(before), _words(after), "word")
        same = _plain(before) == _plain(after)
        return found or (None if same else Difference(name, "drawing", kind="drawing"))
    if ending in (".txt", ".md"):
        return _texts(name, _plain(before).split("\n"), _plain(after).split("\n"), "line")
    return Difference(name, "bytes", kind="drawing" if ending == ".png" else "numbers")


def _trees(name: str, before: dict[str, str], after: dict[str, str]) -> Difference | None:
    changed = [place for place, value in before.items() if after.get(place, _ABSENT) != value]
    if changed:
        first = changed[0]
        keys = dict.fromkeys(place.rpartition(".")[2] for place in changed)
        others = f" ({len(changed)} leaves: {', '.join(keys)})"
        return Difference(name, first + others, (before[first], after.get(first, _ABSENT)))
    added = [place for place in after if place not in before]
    return Difference(name, f"{added[0]} is new", kind="more") if added else None


def _texts(name: str, before: list[str], after: list[str], unit: str) -> Difference | None:
    """Where text was replaced or left out; else where there is more of it."""
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changes = [(i, j, k, m) for kind, i, j, k, m in opcodes if kind != "equal"]
    for i, j, k, m in changes:
        if j > i:
            out, new = sum(c[1] - c[0] for c in changes), sum(c[3] - c[2] for c in changes)
            pair = " ".join(before[i:j]), " ".join(after[k:m])
            return Difference(name, f"{unit} {i + 1} (-{out} +{new})", pair, "words")
    if changes:
        i, _, k, m = changes[0]
        return Difference(name, f"{m - k} {unit}s more after {unit} {i}", kind="more")
    return None


def _as_written(path: Path) -> pd.DataFrame:
    """Every cell as its text, with the time of the run taken out."""
    with path.open(newline="", encoding="utf-8") as lines:
        header, *rows = list(csv.reader(lines)) or [[]]
    rows = [[_steady(cell, path) for cell in row] for row in rows]
    return pd.DataFrame(rows, columns=header, dtype=object)


def _frames(name: str, before: pd.DataFrame, after: pd.DataFrame) -> Difference | None:
    added = [str(column) for column in after if column not in before]
    after = after.drop(columns=added)
    kinds = [{str(c): str(t) for c, t in frame.dtypes.items()} for frame in (before, after)]
    if list(kinds[0].items()) != list(kinds[1].items()):
        for column in {**kinds[0], **kinds[1]}:
            pair = kinds[0].get(column, _ABSENT), kinds[1].get(column, _ABSENT)
            if pair[0] != pair[1]:
                return Difference(name, f"type of column {column}", pair)
        return Difference(name, "order of columns")
    if len(before) != len(after):
        return Difference(name, "number of rows", (str(len(before)), str(len(after))))
    firsts = {}
    for column in before:
        left, right = before[column], after[column]
        unknown = left.isna().to_numpy()
        other = unknown != right.isna().to_numpy()
        if left.dtype.kind == "f":
            # To the bit: -0.0 is not 0.0.
            bits = [np.ascontiguousarray(x.to_numpy()).view(f"u{x.dtype.itemsize}")
                    for x in (left, right)]  # fmt: skip
            unequal = bits[0] != bits[1]
        else:
            unequal = np.array([str(a) != str(b) for a, b in zip(left, right, strict=True)], bool)
        bad = np.flatnonzero(other | (unequal & ~unknown))
        if len(bad):
            firsts[str(column)] = int(bad[0])
    if firsts:
        column, row = min(firsts.items(), key=lambda one: one[1])
        pair = tuple(str(frame[column].iloc[row]) for frame in (before, after))
        also = [one for one in firsts if one != column]
        others = f" (also {', '.join(also)})" if also else ""
        return Difference(name, f"row {row + 1}, column {column}{others}", (pair[0], pair[1]))
    return Difference(name, f"column {added[0]} is new", kind="more") if added else None


def _leaves(path: Path) -> dict[str, str]:
    """Every leaf with its place; floats as they were written."""
    text = path.read_text(encoding="utf-8")
    texts = text.splitlines() if path.suffix == ".ndjson" else [text]
    found = {}
    for number, one in enumerate(texts, 1):
        tree = json.loads(one, parse_float=str)
        if isinstance(tree, dict) and path.name == "model.json":
            tree.pop("sha256", None)  # of the text of the file, whose layout is free
        if isinstance(tree, dict) and path.name.endswith("manifest.json"):
            tree.pop("output", None)  # of a file that is compared itself
        for place, leaf in _walk(tree, f"line {number} " if len(texts) > 1 else ""):
            found[place] = _steady(leaf, path)
    return found


def _walk(tree: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for key in sorted(tree):
            if key not in _VOLATILE:
                yield from _walk(tree[key], f"{where}.{key}")
    elif isinstance(tree, list):
        yield f"{where} length", str(len(tree))
        for number, one in enumerate(tree):
            yield from _walk(one, f"{where}[{number}]")
    else:
        yield where, tree if isinstance(tree, str) else repr(tree)


def _words(path: Path) -> list[str]:
    reader = _Reader()
    reader.feed(_plain(path))
    return reader.words


class _Reader(HTMLParser):
    """The text of a page, of its drawings too, and what a screen reader says."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script")
        self.words += [v for k, v in attrs if k in _READ_ALOUD and v and not v.startswith("data:")]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words += data.split()


def _plain(path: Path) -> str:
    return _steady(path.read_text(encoding="utf-8"), path)


def _steady(text: str, path: Path) -> str:
    """The text without the time of its run: dates within 40 days of it, seconds taken, ports."""
    run = date.fromtimestamp(path.stat().st_mtime)

    def moment(match: re.Match[str]) -> str:
        try:
            near = abs(date.fromisoformat(match[1]) - run) < timedelta(days=40)
        except ValueError:
            near = False
        return "<time>" if near else match[0]

    text = _TIME.sub(moment, text)
    if path.name.startswith("said"):
        text = _SECONDS.sub("<seconds>", text)
    return _PORT.sub(r"\1:<port>", _UUID.sub("<uuid>", text))
