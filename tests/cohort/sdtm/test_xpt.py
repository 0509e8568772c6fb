"""SAS transport files, version 5 and 8, written here by the record specification."""

import contextlib
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from riskmodel.cohort.sdtm.xpt import ibm_numbers, read_xpt
from riskmodel.errors import SchemaError


def ibm(value: float) -> bytes:
    """A double as IBM hexadecimal floating point."""
    if np.isnan(value):
        return b".\0\0\0\0\0\0\0"
    if value == 0:
        return bytes(8)
    sign, value, exponent = (0x80 if value < 0 else 0), abs(value), 64
    while value >= 1:
        value, exponent = value / 16, exponent + 1
    while value < 1 / 16:
        value, exponent = value * 16, exponent - 1
    return bytes([sign | exponent]) + int(value * 2**56).to_bytes(7, "big")


def card(text: str) -> bytes:
    return text.ljust(80).encode("ascii")


def xpt(columns: dict[str, list[float] | list[str]], *, version: int = 5) -> bytes:
    """One table as a transport file."""
    new = version == 8
    kinds = ("LIB", "MEM", "DSC", "NAM", "OBS")
    names = ("LIBV8  ", "MEMBV8 ", "DSCPTV8", "NAMSTV8", "OBSV8  ")
    old = ("LIBRARY", "MEMBER ", "DSCRPTR", "NAMESTR", "OBS    ")
    word = dict(zip(kinds, names if new else old, strict=True))

    def header(kind: str, digits: str = "0" * 30) -> bytes:
        return card(f"HEADER RECORD*******{word[kind]} HEADER RECORD!!!!!!!{digits}")

    out = header("LIB") + card("SAS     SAS     SASLIB  9.4") + card("01JAN24:00:00:00")
    out += header("MEM", "000000000000000001600000000140")
    out += header("DSC") + card("SAS     X       SASDATA 9.4") + card("01JAN24:00:00:00")
    out += header("NAM", f"000000{len(columns):04}00000000000000000000")
    block, start, rows = b"", 0, []
    for name, cells in columns.items():
        numeric = not isinstance(cells[0], str)
        length = 8 if numeric else max(len(str(c).encode()) for c in cells) + 2
        entry = struct.pack(">hhhh", 1 if numeric else 2, 0, length, len(rows) + 1)
        entry += name[:8].ljust(8).encode() + b" " * 40 + b" " * 8 + bytes(8) + b" " * 8 + bytes(4)
        entry += struct.pack(">i", start)
        block += entry + (name.ljust(32).encode() if new else bytes(32)) + bytes(20)
        rows.append([ibm(float(c)) if numeric else str(c).encode().ljust(length) for c in cells])
        start += length
    out += block + b" " * (-len(block) % 80) + header("OBS")
    data = b"".join(b"".join(row) for row in zip(*rows, strict=True))
    return out + data + b" " * (-len(data) % 80)


TABLE: dict[str, list[float] | list[str]] = {
    "USUBJID": ["A-1", "A-2", "Ä-3"],
    "LBSTRESN": [12.5, float("nan"), -0.0625],
    "LBTEST": ["Ferritin", "", "Albumin"],
}


@pytest.mark.parametrize("version", [5, 8])
def test_both_versions_read_alike(tmp_path: Path, version: int) -> None:
    path = tmp_path / "lb.xpt"
    path.write_bytes(xpt(TABLE, version=version))
    (found,) = read_xpt(path)
    expected = pd.DataFrame(TABLE).astype({"USUBJID": "str", "LBTEST": "str"})
    pd.testing.assert_frame_equal(found, expected)


def test_long_names_of_version_8(tmp_path: Path) -> None:
    path = tmp_path / "x.xpt"
    path.write_bytes(xpt({"ALONGERNAMEOFACOLUMN": [1.0]}, version=8))
    assert list(next(read_xpt(path)).columns) == ["ALONGERNAMEOFACOLUMN"]


@given(st.lists(st.floats(-1e50, 1e50, allow_nan=False), min_size=1, max_size=20))
def test_numbers_come_back(values: list[float]) -> None:
    values = [v if abs(v) > 1e-50 else 0.0 for v in values]
    cells = np.frombuffer(b"".join(map(ibm, values)), dtype=np.uint8).reshape(-1, 8)
    np.testing.assert_allclose(ibm_numbers(cells), values, rtol=1e-15)


def test_short_numbers_and_missing_values() -> None:
    cells = np.array([[0x41, 0x20, 0], [0x2E, 0, 0], [0x5F, 0, 0], [0x41, 0, 0]], dtype=np.uint8)
    found = ibm_numbers(cells)
    assert found[0] == 2
    assert np.isnan(found[1:]).all()  # ., _ and A are missing values of SAS


@pytest.mark.shared
def test_the_same_as_pandas_on_the_public_pilot(shared_data: Path) -> None:
    for path in sorted((shared_data / "sdtm_pilot").glob("*.xpt")):
        ours = pd.concat(list(read_xpt(path)), ignore_index=True)
        theirs = pd.read_sas(path, encoding="utf-8")
        assert list(ours) == list(theirs)
        for name in ours:
            if ours[name].dtype == float:
                # pandas reads 0 as 5e-79
                np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=1e-70)
            else:
                text = theirs[name].fillna("").astype("str").str.strip()
                assert (ours[name] == text).all(), name


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cut=st.integers(0, 1200), at=st.integers(0, 1200), byte=st.integers(0, 255))
def test_damage_ends_in_rows_or_a_sentence(tmp_path: Path, cut: int, at: int, byte: int) -> None:
    whole = bytearray(xpt(TABLE))
    if at < len(whole):
        whole[at] = byte
    path = tmp_path / "lb.xpt"
    path.write_bytes(bytes(whole[: len(whole) - cut]))
    with contextlib.suppress(SchemaError):
        assert sum(len(part) for part in read_xpt(path)) <= len(whole)


@pytest.mark.parametrize("content", [b"", b"PK", xpt(TABLE)[:500], b"HEADER RECORD" + b" " * 900])
def test_what_is_no_transport_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lb.xpt"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=r"lb\.xpt"):
        list(read_xpt(path))
