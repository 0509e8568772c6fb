"""A server on loopback, asked by `same_numbers.py`: interface for programs, pages, CDS Hooks.

Called as ``same_numbers_rest.py NAME INPUTS`` in the folder where each answer becomes a file.
"""

import html
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pandas as pd

TABLES = ("patients", "labs", "events")
NUMBERS = {"hours_from_infusion", "reference_low", "reference_high", "age_years", "grade"}
ENTRY = "import sys; sys.argv[0] = 'riskmodel'; from riskmodel.cli import main; main()"


class Server:
    """`riskmodel serve` in a process of its own; every answer becomes a file."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"

    def ask(
        self, name: str, path: str, body: object = None, form: Any = None, accept: str = "*/*"
    ) -> str:
        """Send, write the answer to a file of this name, and return it."""
        headers, content = {"accept": accept}, None
        if body is not None:
            headers["content-type"], content = "application/json", json.dumps(body).encode()
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
            content = urlencode(form).encode()
        try:
            with urlopen(Request(self._address + path, content, headers), timeout=60) as answer:
                status, text = answer.status, answer.read().decode()
        except HTTPError as error:
            status, text = error.code, error.read().decode()
        Path(name).write_text(text, encoding="utf-8")
        with Path("status.txt").open("a", encoding="utf-8") as kept:
            kept.write(f"{name} {status}\n")
        return text


@contextmanager
def served(inputs: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    models = [f"{inputs}/models/{name}" for name in ("early", "pre-infusion")]
    words = ["serve", "--cohort", f"{inputs}/new", "--port", str(port)]
    words += [word for model in models for word in ("--model", model)]
    server = subprocess.Popen([sys.executable, "-c", ENTRY, *words])
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield Server(port)
    finally:
        server.terminate()
        server.wait(20)


def records(inputs: str, patients: list[str]) -> dict[str, list[dict[str, object]]]:
    """Rows of these patients as a request has them, numbers as numbers."""

    def cell(name: str, text: str) -> object:
        return float(text) if name in NUMBERS else text

    found = {}
    for table in TABLES:
        rows = pd.read_csv(f"{inputs}/new/{table}.csv", dtype=str)
        rows = rows[rows["patient_id"].isin(patients)]
        found[table] = [
            {str(k): cell(str(k), text) for k, text in row.items() if isinstance(text, str)}
            for row in rows.to_dict(orient="records")
        ]
    return found


def api(inputs: str) -> None:
    """Score, explain, label."""
    names = pd.read_csv(f"{inputs}/new/patients.csv", dtype=str)["patient_id"].tolist()
    many = records(inputs, names[:12])
    with served(inputs) as server:
        for at in ("pre-infusion", "day-1", "day-5", "day-13"):
            server.ask(f"score-{at}.json", "/score", {**many, "at": at, "explain": True})
        server.ask("fhir.json", "/score", {**many, "at": "day-5"}, accept="application/fhir+json")
        for name in names[:4]:
            for at in ("pre-infusion", "day-5", "day-9"):
                one = {**records(inputs, [name]), "at": at}
                server.ask(f"explain-{name}-{at}.json", "/explain", one)
        server.ask("label.json", "/label", many)
        server.ask("label-hscore.json", "/label", {**many, "definition": "hscore"})
        odd = {
            "patients": [{"patient_id": "a", "disease": "SLE"},
                         {"patient_id": "b", "age_years": 900}],
            "labs": [
                {"patient_id": name, "hours_from_infusion": hours, "analyte": analyte,
                 "value": value, "unit": unit}
                for name, hours, analyte, value, unit in (
                    ("a", -1, "ferritin", "soon", "ng/mL"),
                    ("b", -2, "ferritin", ">100000", "ng/mL"),
                    ("b", 3, "crp", "<5", "mg/L"), ("b", 4, "crp", 5, "furlong"),
                    ("c", 5, "ldh", 300, "U/L"), ("b", 6, "crp", 4.5, "mg/dL"),
                )
            ],
        }  # fmt: skip
        for path in ("score", "label"):
            server.ask(f"odd-{path}.json", f"/{path}", odd)
        server.ask("wrong.json", "/score", {"patient": []})
        server.ask("openapi.json", "/openapi.json")


class _Form(HTMLParser):
    """Names and values of the form that a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, str] = {}
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {key: value or "" for key, value in attrs}
        name, value = told.get("name", ""), told.get("value", "")
        if tag == "input" and name and told.get("type") not in ("file", "submit"):
            if told.get("type") not in ("radio", "checkbox") or "checked" in told:
                self.answers[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in told:
            self.answers[self._select] = value
            self._text = "" if "value" in told else self._select  # else its text is its value
        elif tag == "textarea":
            self._text = name

    def handle_data(self, data: str) -> None:
        if self._text:
            self.answers[self._text] = self.answers.get(self._text, "") + data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "option"):
            self._text = ""


def pages(inputs: str) -> None:
    """The pages: what they show, what a filled form answers, and a patient of the cohort."""
    labs = pd.read_csv(f"{inputs}/new/labs.csv", dtype=str, keep_default_na=False)
    with served(inputs) as server:
        for page in ("before", "after"):
            server.ask(f"{page}-blank.html", f"/{page}")
            filled = _Form()
            filled.feed(server.ask(f"{page}-form.html", f"/{page}?example=true"))
            server.ask(f"{page}-example.html", f"/{page}", form=filled.answers)
            ungraded = {k: v for k, v in filled.answers.items() if not k.endswith("_grade")}
            server.ask(f"{page}-ungraded.html", f"/{page}", form=ungraded)
            changed = {**filled.answers, "age_years": "71", "base": json.dumps(filled.answers)}
            server.ask(f"{page}-changed.html", f"/{page}", form=changed)
        for name in ("S00023", "S00141"):
            rows = labs[labs["patient_id"] == name].drop(columns="patient_id")
            rows["value"] = rows["comparator"] + rows["value"]
            rows = rows.rename(columns={"hours_from_infusion": "hours"})
            pasted = rows.drop(columns=["comparator", "reference_low"]).to_csv(index=False)
            sent = {"table": pasted, "product": "axicabtagene ciloleucel", "day": "6"}
            server.ask(f"pasted-{name}.html", "/after", form=sent)
        server.ask("refused.html", "/after", form={"table": "one\ntwo"})
        server.ask("model.html", "/model")
        for at in ("pre-infusion", "day-5"):
            listed = server.ask(f"patients-{at}.html", f"/patients?at={at}")
            server.ask(f"patients-{at}.csv", f"/patients/scores.csv?at={at}")
            for row in re.findall(r'name="row" value="(\d+)"', html.unescape(listed))[:4]:
                form = {"at": at, "row": row}
                server.ask(f"patient-{at}-{row}.html", "/patients/open", form=form)


def hooks(inputs: str) -> None:
    """CDS Hooks for an invented patient whose infusion was eight and a half days ago."""
    now = datetime.now(UTC).replace(microsecond=0)

    def ago(days: float) -> str:
        return (now - timedelta(days=days)).isoformat()

    def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
        entries = [{"resource": one} for one in resources]
        return {"resourceType": "Bundle", "type": "searchset", "entry": entries}

    def observation(code: str, value: float, unit: str, days: float) -> dict[str, Any]:
        return {
            "resourceType": "Observation", "id": f"{code}-{days}", "status": "final",
            "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "effectiveDateTime": ago(days),
            "valueQuantity": {"value": value, "code": unit, "system": "http://unitsofmeasure.org"},
        }  # fmt: skip

    def sent(hook: str, **prefetched: Any) -> dict[str, Any]:
        results = [
            *(observation("2276-4", 4900.0 + 900 * k, "ng/mL", 8.25 - k) for k in range(9)),
            *(observation("1988-5", 90.0 - 7 * k, "mg/L", 8.25 - k) for k in range(9)),
            *(observation("777-3", 120.0 - 9 * k, "10*3/uL", 8.25 - k) for k in range(9)),
        ]
        born = (now - timedelta(days=64.5 * 365.25)).date().isoformat()
        patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": born}
        return {
            "hook": hook,
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/1", "patientId": "p1"},
            "prefetch": {"patient": patient, "results": bundle(*results), **prefetched},
        }

    infused = bundle(
        {
            "resourceType": "Procedure", "id": "i1", "status": "completed",
            "subject": {"reference": "Patient/p1"}, "code": {"coding": [{"code": "XW033H7"}]},
            "performedDateTime": ago(8.5),
        }
    )  # fmt: skip
    order = sent("order-select")
    order["context"] |= {
        "selections": ["MedicationRequest/o1"],
        "draftOrders": bundle(
            {
                "resourceType": "MedicationRequest", "id": "o1", "status": "draft",
                "medicationCodeableConcept": {"text": "Yescarta"},
            }
        ),
    }  # fmt: skip
    with served(inputs) as server:
        server.ask("services.json", "/cds-services")
        view = "/cds-services/iec-hs-patient-view"
        server.ask("view.json", view, sent("patient-view", procedures=infused))
        bare = sent("patient-view", procedures=infused, results=None, conditions=bundle())
        server.ask("bare.json", view, bare)
        server.ask("none.json", view, sent("patient-view"))
        server.ask("order.json", "/cds-services/iec-hs-order-select", order)


COMMANDS: dict[str, Callable[[str], None]] = {"api": api, "pages": pages, "hooks": hooks}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](sys.argv[2])
