"""A FHIR server of our own on loopback that pages, fails, exports and asks for a token."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pandas.testing import assert_frame_equal

from riskmodel.cohort import read_fhir
from riskmodel.cohort.fhir import server
from riskmodel.errors import SchemaError

PATIENT = {"resourceType": "Patient", "id": "P1", "gender": "female", "birthDate": "1960-05-05"}
DRUG = {"resourceType": "Medication", "id": "m1", "code": {"text": "Yescarta"}}
INFUSION = {
    "resourceType": "MedicationAdministration",
    "id": "inf",
    "status": "completed",
    "medicationReference": {"reference": "Medication/m1"},
    "subject": {"reference": "Patient/P1"},
    "effectiveDateTime": "2024-05-10T10:00:00-05:00",
}


def ferritin(name: str, day: int, value: float) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2276-4"}]},
        "subject": {"reference": "Patient/P1"},
        "effectiveDateTime": f"2024-05-{day}T10:00:00-05:00",
        "valueQuantity": {"value": value, "unit": "ng/mL"},
    }


RESULTS = [ferritin(f"f{k}", 11 + k, 600.0 + k) for k in range(7)]
HELD = {"Patient": [PATIENT], "MedicationAdministration": [INFUSION], "Observation": RESULTS}


class Recorded(ThreadingHTTPServer):
    """What the server was asked, and how it misbehaves."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.token = ""
        self.failures = 0
        self.dead_after: int | None = None
        self.exports = False
        self.elsewhere = False

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/fhir"


class Handler(BaseHTTPRequestHandler):
    server: Recorded

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _send(self, status: int, body: Any = None, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        mine = self.server
        mine.asked.append(self.path)
        mine.tokens.add(self.headers.get("Authorization", ""))
        if mine.token and self.headers.get("Authorization") != f"Bearer {mine.token}":
            self._send(401)
            return
        if mine.dead_after is not None and len(mine.asked) > mine.dead_after:
            self._send(503)
            return
        if mine.failures:
            mine.failures -= 1
            self._send(429, Retry_After="0")
            return
        parts = urlsplit(self.path)
        kind = parts.path.rsplit("/", 1)[-1]
        if kind == "$export":
            if mine.exports:
                self._send(202, Content_Location=f"{mine.base}/status")
            else:
                self._send(404)
        elif kind == "status":
            files = [{"type": k, "url": f"{mine.base}/file/{k}"} for k in (*HELD, "Medication")]
            gone = [{"type": "Bundle", "url": f"{mine.base}/file/gone"}]
            self._send(200, {"output": files, "deleted": gone, "requiresAccessToken": True})
        elif "/file/" in parts.path:
            gone = {"request": {"method": "DELETE", "url": "Observation/f6"}}
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [gone]}
            held = {**HELD, "Medication": [DRUG], "gone": [bundle]}[kind]
            self._send(200, "\n".join(json.dumps(one) for one in held).encode())
        else:
            self._page(kind, int(parse_qs(parts.query).get("page", ["0"])[0]))

    def _page(self, kind: str, page: int) -> None:
        held = HELD.get(kind, [])
        some = held[3 * page : 3 * page + 3]
        entry = [{"resource": one, "search": {"mode": "match"}} for one in some]
        if kind == "MedicationAdministration" and "_include" in self.path:
            entry.append({"resource": DRUG, "search": {"mode": "include"}})
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "entry": entry}
        if len(held) > 3 * page + 3:
            host = "http://other.example" if self.server.elsewhere else self.server.base
            link = {"relation": "next", "url": f"{host}/{kind}?page={page + 1}"}
            bundle["link"] = [link]
        self._send(200, bundle)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    monkeypatch.setattr(server.time, "sleep", lambda _: None)
    monkeypatch.delenv(server.TOKEN, raising=False)
    with Recorded() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def values(source: str | Path, **options: Any) -> list[float]:
    labs = read_fhir(source, **options).labs
    return [float(value) for value in labs["value"]]


def test_pages_and_includes_are_read(recorded: Recorded) -> None:
    cohort = read_fhir(recorded.base)
    assert cohort.patients["product"].tolist() == ["axicabtagene ciloleucel"]
    assert cohort.labs["value"].tolist() == [600.0 + k for k in range(7)]
    assert cohort.labs["hours"].tolist() == [24.0 * (k + 1) for k in range(7)]
    assert sum("Observation" in path and "export" not in path for path in recorded.asked) == 3
    assert recorded.tokens == {""}


def test_a_bulk_export_is_taken_where_there_is_one(recorded: Recorded) -> None:
    recorded.exports = True
    assert values(recorded.base) == [600.0 + k for k in range(6)]  # f6 was deleted
    assert not any("page=" in path for path in recorded.asked)


def test_what_passes_is_tried_again(recorded: Recorded) -> None:
    recorded.failures = 4
    assert len(values(recorded.base)) == 7


def test_a_broken_transfer_goes_on(recorded: Recorded, tmp_path: Path) -> None:
    recorded.dead_after = 5  # export, patients, procedures, drugs, one page of results
    with pytest.raises(SchemaError, match="--download"):
        read_fhir(recorded.base, download=tmp_path / "kept")
    recorded.dead_after, before = None, len(recorded.asked)
    whole = read_fhir(recorded.base, download=tmp_path / "kept")
    again = recorded.asked[before:]
    assert not any("Patient" in path or "Procedure" in path for path in again)
    assert sum("/Observation" in path for path in again) == 2
    assert_frame_equal(whole.labs, read_fhir(recorded.base).labs)


def test_the_token_comes_from_the_environment(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.token = "s3cret"
    with pytest.raises(SchemaError, match=server.TOKEN):
        read_fhir(recorded.base)
    monkeypatch.setenv(server.TOKEN, "s3cret")
    assert len(values(recorded.base)) == 7


def test_the_token_stays_at_home(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded.elsewhere = True
    with pytest.raises(SchemaError, match="from another server"):
        read_fhir(recorded.base)
    monkeypatch.setenv(server.TOKEN, "s3cret")
    with pytest.raises(SchemaError, match="unencrypted") as told:
        read_fhir("http://fhir.example/r4")
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("address", ["https://me:pw@host/fhir", "http:///fhir", "https:"])
def test_addresses_that_cannot_be_used(address: str) -> None:
    with pytest.raises(SchemaError, match="cannot be used") as told:
        read_fhir(address)
    assert "pw" not in str(told.value)


def test_a_folder_of_another_server_is_left_alone(recorded: Recorded, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(SchemaError, match="not empty"):
        read_fhir(recorded.base, download=tmp_path)
    (tmp_path / "mine.txt").unlink()
    (tmp_path / "state.json").write_text('{"server": "https://other/"}')
    with pytest.raises(SchemaError, match="another server"):
        read_fhir(recorded.base, download=tmp_path)
