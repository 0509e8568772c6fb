"""Read the resources of FHIR files one by one, in bounded time and memory.

A source is one file or a folder. ``.ndjson`` and ``.jsonl`` files hold a resource a line (bulk
export); ``.json`` files hold a Bundle, one resource, or several of them; each may be gzipped.
"""

import gzip
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from riskmodel.cohort.fhir.json_stream import BrokenError, Cursor, decode
from riskmodel.errors import SchemaError

LONGEST_RECORD = 8 * 2**20
LARGEST_DOCUMENT = 256 * 2**20
MOST_FAULTS = 1000
_CHUNK = 2**20
_LINES = (".ndjson", ".jsonl")
_ENDINGS = (*_LINES, ".json", *(f"{ending}.gz" for ending in (*_LINES, ".json")))
_KIND = re.compile(rb'^[ \t\r\n]*\{[ \t\r\n]*"resourceType"[ \t\r\n]*:[ \t\r\n]*"([A-Za-z]+)"')
_DEEPEST_BUNDLE = 3
NEXT_PAGE = "next_page"
"""What is told of a Bundle that names a page after it: nothing is wrong where that is here too."""

DELETION = "(deletion)"
"""Type of a Bundle's word that a resource was deleted: ``kind`` and ``id`` of it."""


class Place(NamedTuple):
    """Where something stands: line of the file, and number of the Bundle's entry or 0."""

    line: int
    entry: int = 0


Fault = Callable[[str, Place, str], None]


class Located(NamedTuple):
    """A resource and where it stands."""

    resource: dict[str, Any]
    full_url: str
    file: str
    place: Place


def shown(path: Path, top: Path) -> str:
    """Name of a file for people, without characters that a terminal or a table would obey."""
    name = path.name if path == top else str(path.relative_to(top))
    return "".join(c if c.isprintable() else "?" for c in name)[:200]


def regular_files(source: Path, endings: tuple[str, ...]) -> tuple[list[Path], int, list[Path]]:
    """Regular files with these endings inside a folder; how many were left out; those unread.

    Links are not followed, so that nothing outside the folder is read; devices, pipes and
    hidden files are left out. Unread are regular files with another ending.
    """
    found: list[Path] = []
    unread: list[Path] = []
    others = 0
    for folder, folders, names in os.walk(source, followlinks=False):
        others += sum(Path(folder, name).is_symlink() for name in folders)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            plain = stat.S_ISREG(path.lstat().st_mode) and not name.startswith(".")
            if plain and path.name.lower().endswith(endings):
                found.append(path)
            else:
                others += 1
                unread += [path] if plain else []
    return found, others, unread


def _open(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    return path.open("rb")


def fhir_files(source: Path) -> tuple[list[Path], int, list[Path]]:
    """The files of a source, how many were left out, and those with another ending.

    Raises
    ------
    SchemaError
        When the source does not exist or holds no FHIR file.
    """
    if source.is_file():
        return [source], 0, []
    if not source.is_dir():
        raise SchemaError(
            f"FHIR source '{source}' is no file and no folder. Give a Bundle (.json), a bulk "
            "export (.ndjson), or a folder of them."
        )
    found, others, unread = regular_files(source, _ENDINGS)
    if not found:
        raise SchemaError(
            f"FHIR folder '{source}' holds no file that ends in {', '.join(_ENDINGS)} "
            f"({others} other files were seen). Give a folder of a FHIR R4 export."
        )
    return found, others, unread


def _records(path: Path, name: str, fault: Fault) -> Iterator[tuple[int, bytes]]:
    """Lines of a file with their numbers; a line that is too long is passed over in pieces."""
    number = 0
    with _open(path) as source:
        while line := source.readline(LONGEST_RECORD + 1):
            number += 1
            if len(line) > LONGEST_RECORD and not line.endswith(b"\n"):
                fault(name, Place(number), "record_too_long")
                while line and not line.endswith(b"\n"):
                    line = source.readline(2**20)
                continue
            yield number, line


def _from_lines(
    path: Path, name: str, wanted: frozenset[str], fault: Fault
) -> Iterator[Located | str]:
    """Resources of a bulk export; the type alone, as text, of those that are not wanted."""
    faults = read = 0
    for number, line in _records(path, name, fault):
        head = _KIND.match(line[:200])
        if head is not None and head[1].decode("ascii") not in wanted:
            yield head[1].decode("ascii")
            read += 1
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            if not text:
                continue
            value = decode(text)
            reason = "" if isinstance(value, dict) and "resourceType" in value else "not_a_resource"
        except UnicodeDecodeError:
            reason = "wrong_encoding"
        except BrokenError as error:
            reason = error.reason
        if reason:
            fault(name, Place(number), reason)
            faults += 1
            if faults > MOST_FAULTS and faults > 10 * read:
                fault(name, Place(number), "file_abandoned")
                return
            continue
        read += 1
        yield from _unbundled(Located(value, "", name, Place(number)), fault)


def _from_document(path: Path, name: str, fault: Fault) -> Iterator[Located]:
    """Resources of a JSON file, entry by entry; its text alone is held in memory."""
    if path.stat().st_size > LARGEST_DOCUMENT:
        fault(name, Place(1), "file_too_large")
        return
    read = bytearray()
    with _open(path) as source:
        while chunk := source.read(_CHUNK):
            read += chunk
            if len(read) > LARGEST_DOCUMENT:
                fault(name, Place(1), "file_too_large")
                return
    try:
        text = read.decode("utf-8-sig")
    except UnicodeDecodeError:
        fault(name, Place(1), "wrong_encoding")
        return
    del read
    cursor = Cursor(text, LONGEST_RECORD)
    if cursor.ended:
        fault(name, Place(1), "malformed_json")
    faults = 0

    def refuse(_: str, place: Place, reason: str) -> None:
        nonlocal faults
        faults += 1
        fault(name, place, reason)

    while not cursor.ended and faults <= MOST_FAULTS:
        if cursor.opens("["):
            for line, value in cursor.elements():
                if isinstance(value, BrokenError):
                    refuse(name, Place(line), value.reason)
                elif isinstance(value, dict) and isinstance(value.get("resourceType"), str):
                    yield from _unbundled(Located(value, "", name, Place(line)), refuse)
                else:
                    refuse(name, Place(line), "not_a_resource")
                if faults > MOST_FAULTS:
                    break
        else:
            yield from _from_object(cursor, name, refuse)
    if faults > MOST_FAULTS:
        fault(name, Place(cursor.line()), "file_abandoned")


def _from_object(cursor: Cursor, name: str, refuse: Fault) -> Iterator[Located]:
    """Resources of the Bundle that opens here, or the one resource that does."""
    first = Place(cursor.line())
    top: dict[str, Any] = {}
    faults = entry = 0
    for line, key, value in cursor.members():
        entry += key == "entry[]"
        place = Place(line, entry)
        if isinstance(value, BrokenError):
            refuse(name, place, value.reason)
            faults += 1
            if faults > MOST_FAULTS:
                return
        elif key in top:
            refuse(name, place, "duplicate_key")
            faults += 1
        elif key != "entry[]":
            top[key] = value
        elif isinstance(value, dict):
            yield from _entry(value, name, place, refuse, 0)
        else:
            refuse(name, place, "not_a_resource")
    links = top.get("link") if top.get("resourceType") == "Bundle" else None
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next":
            refuse(name, first, NEXT_PAGE)
    if not isinstance(top.get("resourceType"), str):
        if not faults:
            refuse(name, first, "not_a_resource")
    elif top["resourceType"] != "Bundle" and not faults:
        yield Located(top, "", name, first)


def _entry(
    entry: dict[str, Any], name: str, place: Place, fault: Fault, depth: int
) -> Iterator[Located]:
    resource, request, response = entry.get("resource"), entry.get("request"), entry.get("response")
    url = entry.get("fullUrl")
    url = url if isinstance(url, str) else ""
    if isinstance(request, dict) and str(request.get("method")).upper() == "DELETE":
        yield Located(_deletion(request, response, url), url, name, place)
    elif isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
        yield from _unbundled(Located(resource, url, name, place), fault, depth + 1)
    elif resource is not None or not ("request" in entry or "response" in entry):
        fault(name, place, "not_a_resource")


def _deletion(request: dict[str, Any], response: Any, url: str) -> dict[str, Any]:
    """What a Bundle says was deleted, as a resource of a type of its own."""
    asked = request.get("url")
    parts = (asked if isinstance(asked, str) and asked else url).split("/_history/")[0].split("/")
    when = response.get("lastModified") if isinstance(response, dict) else None
    kind, own = parts[-2:] if len(parts) > 1 else ["", ""]
    return {"resourceType": DELETION, "kind": kind, "id": own, "meta": {"lastUpdated": when}}


def _unbundled(located: Located, fault: Fault, depth: int = 0) -> Iterator[Located]:
    """The resource itself, or those of a Bundle inside a line or an entry."""
    if located.resource["resourceType"] != "Bundle":
        yield located
        return
    entries = located.resource.get("entry")
    if depth > _DEEPEST_BUNDLE:
        fault(located.file, located.place, "not_a_resource")
        return
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            yield from _entry(entry, located.file, located.place, fault, depth)
        else:
            fault(located.file, located.place, "not_a_resource")


def resources(
    files: list[Path], top: Path, wanted: frozenset[str], fault: Fault
) -> Iterator[Located | str]:
    """Every resource of the files, in order.

    Parameters
    ----------
    files : list of Path
        See `fhir_files`.
    top : Path
        The source they stand in: file names are told from there.
    wanted : frozenset of str
        Resource types to read. Of others, lines of a bulk export may come as the type alone.
    fault : callable(file, place, reason)
        Told of each line or entry that cannot be read; the others are read.
    """
    for path in files:
        name = shown(path, top)
        try:
            if path.name.lower().removesuffix(".gz").endswith(_LINES):
                yield from _from_lines(path, name, wanted, fault)
            else:
                yield from _from_document(path, name, fault)
        except (EOFError, zlib.error):
            fault(name, Place(1), "file_cut_off")
        except OSError:
            fault(name, Place(1), "file_unreadable")
