"""Hostile input: readers of FHIR and MEDS answer in bounded time and memory, or refuse in words.

Only SchemaError (UnitError is one) may come out, and what is sound beside the damage is read.
"""

import csv
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from riskmodel.cohort import Cohort, read_cohort, write_cohort
from riskmodel.cohort.fhir.read import read_fhir
from riskmodel.cohort.meds.read import read_meds
from riskmodel.errors import SchemaError

PATIENT = {"resourceType": "Patient", "id": "P1", "birthDate": "1960"}
INFUSION = {
    "resourceType": "Procedure",
    "status": "completed",
    "code": {"coding": [{"code": "XW033C3"}]},
    "subject": {"reference": "Patient/P1"},
    "performedDateTime": "2024-05-10T10:00:00Z",
}
RESULT = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2276-4"}]},
    "subject": {"reference": "Patient/P1"},
    "effectiveDateTime": "2024-05-11T10:00:00Z",
    "valueQuantity": {"value": 900, "unit": "ng/mL", "system": "s", "code": "c"},
    "referenceRange": [{"low": {"value": 1}, "high": {"value": 400}}],
    "component": [{"code": {"text": "crp"}, "valueString": "<5"}],
}
GOOD = [PATIENT, INFUSION, RESULT]
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"fullUrl": f"urn:uuid:{k}", "resource": r} for k, r in enumerate(GOOD)],
}
MEGABYTE = 2**20


def lines(*resources: Any) -> bytes:
    return b"".join(json.dumps(r).encode() + b"\n" for r in resources)


def attempt(read: Callable[[Path], Cohort], path: Path) -> Cohort | None:
    """The cohort, or None where the source was refused in one clear sentence."""
    try:
        return read(path)
    except SchemaError as error:
        told = str(error)
    assert told.endswith(".")
    assert len(told) < 2000
    return None


@contextmanager
def bounded(seconds: float, megabytes: float) -> Iterator[None]:
    """Time of the processor, and growth of the process with what native code takes."""
    pa.default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before, start = resident("VmRSS"), time.process_time()
    yield
    assert time.process_time() - start < seconds
    assert resident("VmHWM") - before < megabytes


def resident(kind: str) -> float:
    """Megabytes of this process that Linux counts under a name."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{kind}:"))


def sound(cohort: Cohort | None) -> Cohort:
    assert cohort is not None
    assert cohort.labs["analyte"].tolist() == ["ferritin"] or len(cohort.labs) >= 1
    return cohort


DAMAGE = {
    "empty": b"",
    "binary": bytes(range(256)) * 64,
    "utf16": json.dumps(BUNDLE).encode("utf-16"),
    "latin1": json.dumps({**PATIENT, "x": "\u00e9"}, ensure_ascii=False).encode("latin-1"),
    "nul": b"\0" * 4096,
    "zip": b"PK\x03\x04" + bytes(4096),
    "gzip": b"\x1f\x8b\x08" + bytes(4096),
    "number": b"12",
    "text": b'"Bundle"',
    "null": b"null",
    "nan": b'{"resourceType": "Observation", "valueQuantity": {"value": NaN}}',
    "deep array": b"[" * 200_000,
    "deep object": b'{"a":' * 200_000,
    "deep closed": b"[" * 100_000 + b"]" * 100_000,
    "huge number": b'{"resourceType": "Patient", "id": ' + b"9" * 100_000 + b"}",
    "escapes": b'{"resourceType": "' + b'\\"' * 100_000,
    "quotes": b'"' * 200_001,
    "html": b"<html><body>login</body></html>",
    "csv": b"patient_id,value\nP1,5\n",
    "surrogate": b'{"resourceType": "Patient", "id": "\\ud800"}',
    "list of lists": b"[[[]],{},1,null]",
    "entries of nothing": b'{"resourceType": "Bundle", "entry": [null, 1, "x", [], {}]}',
    "entry is an object": b'{"resourceType": "Bundle", "entry": {"resource": {}}}',
    "type is a list": b'{"resourceType": ["Bundle"], "entry": []}',
}


@pytest.mark.parametrize("ending", ["json", "ndjson"])
@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_damage_is_refused_alone_and_passed_over_beside_sound_files(
    tmp_path: Path, name: str, ending: str
) -> None:
    bad = tmp_path / f"bad.{ending}"
    bad.write_bytes(DAMAGE[name])
    with bounded(20, 200):
        assert attempt(read_fhir, bad) is None
        (tmp_path / "good.ndjson").write_bytes(lines(*GOOD))
        cohort = sound(attempt(read_fhir, tmp_path))
    told = cohort.rejected[cohort.rejected["table"] == "files"]
    assert set(told["detail"]) <= {f"bad.{ending}"}


@pytest.mark.parametrize("name", sorted(set(DAMAGE) - {"empty"}))
def test_a_bad_line_is_rejected_with_file_and_line(tmp_path: Path, name: str) -> None:
    bad = DAMAGE[name].replace(b"\n", b" ")
    (tmp_path / "x.ndjson").write_bytes(lines(PATIENT, INFUSION) + bad + b"\n" + lines(RESULT))
    cohort = sound(attempt(read_fhir, tmp_path / "x.ndjson"))
    assert len(cohort.labs) == 2 - cohort.rejected["reason"].eq("missing_unit").sum()
    told = cohort.rejected[cohort.rejected["table"] == "files"]
    assert {source.partition(" ")[0] for source in told["source"]} <= {"x.ndjson:3"}


def test_a_source_whose_infusions_have_no_readable_time_is_refused(tmp_path: Path) -> None:
    never = {**INFUSION, "performedDateTime": "2024-13-45"}
    (tmp_path / "x.ndjson").write_bytes(lines(PATIENT, never, RESULT))
    with pytest.raises(SchemaError, match="No CAR-T infusion with a readable time was found"):
        read_fhir(tmp_path / "x.ndjson")


def test_half_a_surrogate_pair_is_refused_and_a_whole_one_read(tmp_path: Path) -> None:
    half = b'{"resourceType": "Patient", "id": "\\ud83d"}\n'
    whole = {"resourceType": "Patient", "id": "\N{GRINNING FACE}"}
    for ending in ("json", "ndjson"):
        path = tmp_path / f"x.{ending}"
        path.write_bytes(lines(*GOOD, whole) + half)
        assert sound(attempt(read_fhir, path)).rejected["reason"].tolist()[-1] == "wrong_encoding"


def test_a_key_named_twice_spoils_its_record(tmp_path: Path) -> None:
    twice = json.dumps({**RESULT, "id": "x"})[:-1].encode() + b', "status": "cancelled"}\n'
    for ending in ("json", "ndjson"):
        path = tmp_path / f"x.{ending}"
        path.write_bytes(lines(*GOOD) + twice)
        cohort = sound(attempt(read_fhir, path))
        assert "duplicate_key" in set(cohort.rejected["reason"])
        assert len(cohort.labs) == 1


def test_a_bad_entry_is_rejected_with_its_number(tmp_path: Path) -> None:
    text = json.dumps(BUNDLE)
    deep = '{"resource": ' + '{"a":' * 3000 + "1" + "}" * 3000 + "}"
    twice = '{"resource": {"resourceType": "Observation", "id": "1", "id": "2"}}'
    broken = text.replace('"entry": [', f'"entry": [{deep}, {twice}, ')
    (tmp_path / "x.json").write_text(broken)
    cohort = sound(attempt(read_fhir, tmp_path / "x.json"))
    told = cohort.rejected[cohort.rejected["table"] == "files"]
    assert told["reason"].tolist()[-1] == "duplicate_key"
    assert told["source"].tolist()[-1] == "x.json:1 entry 2"


def test_a_file_that_breaks_off_says_what_is_lost(tmp_path: Path) -> None:
    text = json.dumps({"entry": [*BUNDLE["entry"], {"resource": RESULT}]})
    (tmp_path / "x.json").write_text(text[:-40])
    cohort = sound(attempt(read_fhir, tmp_path / "x.json"))
    assert "file_cut_off" in set(cohort.rejected["reason"])


@pytest.mark.parametrize("ending", ["json", "ndjson"])
def test_a_long_line_of_garbage_costs_little(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"long.{ending}"
    chunk = random.Random(1).randbytes(MEGABYTE).replace(b"\n", b"x")
    with path.open("wb") as file:
        for _ in range(100):
            file.write(chunk)
    with bounded(20, 350):
        assert attempt(read_fhir, path) is None


@pytest.mark.parametrize("unit", [b"{}\n", b"x\n", b"\n", b'{"a":', b'\\"', b"[],", b'{"entry":['])
@pytest.mark.parametrize("ending", ["json", "ndjson"])
def test_repetition_costs_little(tmp_path: Path, unit: bytes, ending: str) -> None:
    path = tmp_path / f"long.{ending}"
    path.write_bytes(unit * (4 * MEGABYTE // len(unit)))
    with bounded(30, 400):
        assert attempt(read_fhir, path) is None


def test_links_pipes_and_hidden_files_are_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.ndjson").write_bytes(lines({**PATIENT, "id": "SECRET"}))
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "good.ndjson").write_bytes(lines(*GOOD))
    (folder / "link.ndjson").symlink_to(outside / "secret.ndjson")
    (folder / "up").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / ".hidden.ndjson").write_bytes(lines({**PATIENT, "id": "HIDDEN"}))
    os.mkfifo(folder / "pipe.ndjson")
    cohort = sound(attempt(read_fhir, folder))
    assert cohort.patient_id.tolist() == ["P1"]
    assert cohort.notes["files left out (links, hidden, other endings)"] == {"files": 5}


def test_file_names_and_ids_do_not_run_in_a_spreadsheet_or_terminal(tmp_path: Path) -> None:
    name = "=cmd|' \x1b[31m\n.ndjson"
    evil = {**RESULT, "subject": {"reference": "Patient/=1+1"}, "status": "cancelled"}
    others = [
        {**PATIENT, "id": "=1+1"},
        {**INFUSION, "subject": {"reference": "Patient/=1+1"}},
    ]
    (tmp_path / name).write_bytes(lines(*GOOD, *others, evil) + b"broken\n")
    cohort = sound(attempt(read_fhir, tmp_path))
    write_cohort(cohort, tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "\x1b" not in text
        cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
        assert not any(cell.startswith(("=", "@", "+")) for cell in cells)


@pytest.mark.parametrize("reader", [read_fhir, read_meds])
def test_sources_that_are_no_files(reader: Callable[[Path], Cohort], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent", tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        assert attempt(reader, path) is None


JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["Patient/P1", "Observation", "2024-05-11", "final", "<5", "#x", "urn:x"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(
            ["coding", "value", "reference", "code", "unit", "start", "text", "system"]
        ), inner, max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=60)
@given(data=st.data())
def test_fields_of_the_wrong_type(data: st.DataObject, tmp_path_factory: Any) -> None:
    base = dict(data.draw(st.sampled_from([PATIENT, INFUSION, RESULT])))
    for field in data.draw(
        st.lists(
            st.sampled_from(sorted({*base, "meta", "identifier", "link"} - {"resourceType"})),
            max_size=4,
        )
    ):
        base[field] = data.draw(JUNK)
    other = {**base, "resourceType": data.draw(st.sampled_from(
        ["Patient", "Observation", "Procedure", "MedicationAdministration", "Condition",
         "Medication", "Bundle", "List", "?"]))}  # fmt: skip
    path = tmp_path_factory.mktemp("junk") / "x.ndjson"
    path.write_bytes(lines(*GOOD[:2], other, {**RESULT, "id": "good"}))
    cohort = attempt(read_fhir, path)
    if cohort is not None and len(cohort) == 1:
        assert (cohort.labs["value"] == 900).any() or len(cohort.rejected)


@settings(max_examples=60)
@given(data=st.data())
def test_flipped_and_cut_fhir_bytes(data: st.DataObject, tmp_path_factory: Any) -> None:
    kind = data.draw(st.sampled_from(["json", "ndjson"]))
    content = bytearray(json.dumps(BUNDLE).encode() if kind == "json" else lines(*GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path_factory.mktemp("flip") / f"x.{kind}"
    path.write_bytes(bytes(content[: cut or None]))
    attempt(read_fhir, path)


def meds_bytes(folder: Path) -> bytes:
    rows = [
        (1, "PROCEDURE//ICD10PCS//XW033C3", None, None),
        (1, "LOINC//2276-4//ng/mL", 5.5, None),
        (1, "LOINC//2276-4//ng/mL", None, "<5"),
    ] * 20
    table = pa.table(
        {
            "subject_id": pa.array([r[0] for r in rows], pa.int64()),
            "time": pa.array([10**15 + k for k in range(len(rows))], pa.timestamp("us")),
            "code": pa.array([r[1] for r in rows], pa.string()),
            "numeric_value": pa.array([r[2] for r in rows], pa.float32()),
            "text_value": pa.array([r[3] for r in rows], pa.string()),
        }
    )
    pq.write_table(table, folder / "0.parquet")
    return (folder / "0.parquet").read_bytes()


@settings(max_examples=60)
@given(data=st.data())
def test_flipped_and_cut_meds_bytes(data: st.DataObject, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("flip")
    content = bytearray(meds_bytes(folder))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    (folder / "0.parquet").write_bytes(bytes(content[:cut]))
    attempt(read_meds, folder)


@pytest.mark.parametrize("name", sorted(DAMAGE))
def test_a_damaged_shard_is_told_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    meds_bytes(tmp_path)
    (tmp_path / "1.parquet").write_bytes(DAMAGE[name])
    cohort = sound(attempt(read_meds, tmp_path))
    assert cohort.rejected["reason"].tolist() == ["file_unreadable"]
    assert cohort.rejected["source"].tolist() == ["1.parquet:1"]
    (tmp_path / "0.parquet").unlink()
    assert attempt(read_meds, tmp_path) is None


def test_a_damaged_table_of_codes_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    meds_bytes(tmp_path / "data")
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "codes.parquet").write_bytes(b"PAR1 broken")
    with pytest.raises(SchemaError, match=r"codes\.parquet"):
        read_meds(tmp_path)


def test_codes_and_texts_of_any_kind(tmp_path: Path) -> None:
    codes = ["//", "LAB//", "LAB//x//" + "u" * 100_000, "=cmd", "\0", "LOINC//2276-4//" + "\x1b[0m"]
    table = pa.table(
        {
            "subject_id": pa.array([1] * 7, pa.int64()),
            "time": pa.array([10**15] * 7, pa.timestamp("us")),
            "code": [*codes, "PROCEDURE//ICD10PCS//XW033C3"],
            "numeric_value": pa.array([1.0] * 7, pa.float32()),
            "text_value": ["9" * 100_000] * 7,
        }
    )
    pq.write_table(table, tmp_path / "0.parquet")
    cohort = attempt(read_meds, tmp_path)
    assert cohort is not None
    assert cohort.labs.empty
    write_cohort(cohort, tmp_path / "out")
    assert read_cohort(tmp_path / "out").patient_id.tolist() == ["1"]
