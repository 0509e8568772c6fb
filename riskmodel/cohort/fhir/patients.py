"""Who is who in a FHIR source: Patient resources, their versions, and references to them."""

import re
from typing import NamedTuple
from urllib.parse import unquote

from riskmodel.cohort.fhir.files import Located
from riskmodel.cohort.fhir.resources import identifiers, listed, mapping, reference, text

_VERSION = re.compile(r"/_history/.*$")
_MOST_MERGES = 5


class Person(NamedTuple):
    """What a Patient resource says."""

    gender: str
    birth: str
    death: str
    deceased: bool


def subject_token(located: Located) -> str:
    """The reference of a resource's subject; a ``urn:`` holds only within its own file."""
    found = reference(located.resource)
    return f"{located.file}\0{found}" if found.startswith("urn:") else found


class People:
    """Patient resources by every name under which others refer to them.

    Parameters
    ----------
    identifier_system : str or None
        Take patient_id from the identifier of this system instead of from Patient.id.
    """

    def __init__(self, identifier_system: str | None = None) -> None:
        self._system = identifier_system
        self._versions: dict[str, dict[Person, str]] = {}
        self._names: dict[str, str] = {}
        self._merged: dict[str, str] = {}
        self.unnamed: list[Located] = []

    def _own_name(self, located: Located) -> str:
        resource = located.resource
        if self._system is None:
            return text(resource.get("id")) or located.full_url.removeprefix("urn:uuid:")
        wanted = self._system + "|"
        values = [name.removeprefix(wanted) for name in identifiers(resource) if wanted in name]
        return values[0] if len(set(values)) == 1 else ""

    def add(self, located: Located) -> None:
        """Learn of one Patient resource; one without a name is kept in `unnamed`."""
        resource, name = located.resource, self._own_name(located)
        if not name:
            self.unnamed.append(located)
            return
        local, url = text(resource.get("id")), located.full_url
        if local:
            self._names[f"Patient/{local}"] = name
        if url:
            self._names[f"{located.file}\0{url}" if url.startswith("urn:") else url] = name
            self._names.setdefault(url, name)
        for identifier in identifiers(resource):
            self._names[f"?{identifier}"] = name
        for link in listed(resource.get("link")):
            other = text(mapping(link.get("other")).get("reference"))
            if text(link.get("type")) == "replaced-by" and other:
                self._merged[name] = f"{located.file}\0{other}" if other[:4] == "urn:" else other
        person = Person(
            gender=text(resource.get("gender")),
            birth=text(resource.get("birthDate")),
            death=text(resource.get("deceasedDateTime")),
            deceased=resource.get("deceasedBoolean") is True,
        )
        stamp = text(mapping(resource.get("meta")).get("lastUpdated"))
        versions = self._versions.setdefault(name, {})
        versions[person] = max(stamp, versions.get(person, ""))

    def forget(self, local: str) -> None:
        """What a deleted Patient resource said; its name stays, for references to it."""
        self._versions.pop(self._names.get(f"Patient/{local}", local), None)

    def find(self, token: str) -> str:
        """The patient_id that a subject token means, empty where it means no patient."""
        found = self._find(token)
        for _ in range(_MOST_MERGES):
            if found not in self._merged:
                break
            found = self._find(self._merged[found]) or found
        return found

    def _find(self, token: str) -> str:
        token = _VERSION.sub("", token)
        if token in self._names:
            return self._names[token]
        literal = token.split("\0", 1)[-1]
        if literal in self._names:
            return self._names[literal]
        if literal.startswith("Patient?identifier="):
            asked = unquote(literal.removeprefix("Patient?identifier="))
            return self._names.get(f"?{asked}", "")
        parts = literal.split("/")
        if len(parts) >= 2 and parts[-2] == "Patient" and parts[-1]:
            known = self._names.get(f"Patient/{parts[-1]}")
            return known or ("" if self._system is not None else parts[-1])
        return ""

    def versions(self, name: str) -> list[Person]:
        """The latest version of a patient; all of them where none can be called the latest."""
        if name in self._merged or name not in self._versions:
            return []
        versions = self._versions[name]
        latest = max(versions.values())
        return [person for person, stamp in versions.items() if stamp == latest]

    @property
    def names(self) -> list[str]:
        """Every patient_id, merged ones left out, in the order of reading."""
        return [name for name in self._versions if name not in self._merged]
