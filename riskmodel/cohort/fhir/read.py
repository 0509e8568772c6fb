"""Read FHIR R4: Bundles, bulk exports (NDJSON) and folders of them, into one cohort.

Which results count (https://hl7.org/fhir/R4/valueset-observation-status.html): ``final``,
``amended`` and ``corrected``. A later version of a resource (same id, or a correction that shares
identifier, code and sample time) replaces the earlier one; where the latest version is cancelled
or entered in error, the result is gone. ``preliminary`` and ``registered`` results are kept out,
also where no final one exists: nobody has verified them.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from riskmodel.cohort.fhir.assembly import cohort_of
from riskmodel.cohort.fhir.collect import LABS, WANTED, Collected
from riskmodel.cohort.fhir.files import NEXT_PAGE, Located, Place, fhir_files, resources
from riskmodel.cohort.fhir.patients import People
from riskmodel.cohort.fhir.resources import codings, names
from riskmodel.cohort.fhir.server import fetch
from riskmodel.cohort.rejections import Fault, Rejections, with_faults
from riskmodel.cohort.source.record import note_files, note_unread
from riskmodel.cohort.source.workspace import StoredRows
from riskmodel.cohort.source.zones import CHECK
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.vocabulary.infusions import infusion_codes, read_infusions
from riskmodel.cohort.vocabulary.mapping import load_mapping
from riskmodel.errors import SchemaError


def read_fhir(
    source: Path | str,
    *,
    infusions: Path | None = None,
    mapping: Path | None = None,
    identifier_system: str | None = None,
    timezone: str = "",
    download: Path | None = None,
    decimal: str = "",
) -> Cohort:
    """Read a FHIR R4 source.

    Parameters
    ----------
    source : path
        A Bundle or resource (``.json``), a bulk export (``.ndjson``), or a folder of them.
    infusions : path, optional
        List of infusions; without it, those of Procedure and MedicationAdministration.
    mapping : path, optional
        A centre's own codes, see `load_mapping`. Codes may be written ``system|code``.
    identifier_system : str, optional
        Take patient_id from the identifier of this system instead of from ``Patient.id``.
    timezone : str
        Name of the time zone of times that name none (``Europe/Madrid``); by default that of most
        of their patient's records, or none where no record names one.
    download : path, optional
        Folder that keeps what a server sends, so that a broken transfer can go on; a temporary
        one by default.
    decimal : {"", ",", "."}
        Decimal sign of texts that can be read in two ways, such as ``1.234``.

    Returns
    -------
    Cohort
        Its ``rejected`` has a further column ``source``: file and line.

    Raises
    ------
    SchemaError
        When the source holds nothing readable, or no patient has an infusion.

    Notes
    -----
    Ages count completed years from ``birthDate``; a birth date without a month is taken as the
    first of January. A time without a zone (a date, or a listed infusion) is read in the zone
    of its patient's own records.
    """
    if str(source).lower().startswith(("http:", "https:")):
        return _served(
            str(source), infusions, mapping, identifier_system, timezone, download, decimal
        )
    source = Path(source)
    own = Rejections()
    codes = load_mapping(mapping)
    listed = read_infusions(infusions, own) if infusions is not None else None
    people = People(identifier_system)
    faults: list[Fault] = []
    further: list[str] = []
    files, others, unread = fhir_files(source)
    note_files(own, unread, source)
    own.note("files left out (links, hidden, other endings)", "files", others)
    found = 0
    with StoredRows(LABS, "subject") as labs:
        collected = Collected(people, labs, infusion_codes(codes), codes.analytes, decimal)

        def fault(file: str, place: Place, reason: str) -> None:
            if reason == NEXT_PAGE:
                further.append(file)
            else:
                faults.append(Fault(file, place, reason))

        told = resources(files, source, WANTED, fault)
        for resource in told:
            found += 1
            if isinstance(resource, str):
                collected.unused[resource] += 1
            else:
                collected.add(resource)
        faults += [Fault(p.file, p.place, "patient_id_missing") for p in people.unnamed]
        if not found:
            first = f" First: {faults[0]}." if faults else ""
            raise SchemaError(
                f"FHIR source '{source}' holds no readable FHIR resource in {len(files)} files."
                f"{first} Give a FHIR R4 Bundle or bulk export in JSON."
            )
        for key, count in collected.unused.most_common(40):
            own.note("resources not used", key, count)
        note_unread(own, collected.other_results)
        only_text = "DiagnosticReport whose results stand only in a text or a file"
        own.note(CHECK, "reports whose results stand only in a text or a file",
                 collected.unused[only_text])  # fmt: skip
        if further:
            first = f"Bundles that name a further page: is it here too? (first: {further[0]})"
            own.note(CHECK, first, len(further))
        cohort = cohort_of(source.name, collected, listed, own, timezone)
    return replace(cohort, rejected=with_faults(cohort.rejected, faults))


def _served(
    address: str,
    infusions: Path | None,
    mapping: Path | None,
    identifier_system: str | None,
    timezone: str,
    download: Path | None,
    decimal: str,
) -> Cohort:
    """The cohort of a server: what it sends is read like a folder."""
    with tempfile.TemporaryDirectory(prefix="riskmodel-fhir-") as temporary:
        data = fetch(address, Path(temporary) if download is None else Path(download))
        found = read_fhir(
            data,
            infusions=infusions,
            mapping=mapping,
            identifier_system=identifier_system,
            timezone=timezone,
            decimal=decimal,
        )
    # Every page was fetched: that one names the next is no news.
    checks = {
        told: n for told, n in found.notes.get(CHECK, {}).items() if "further page" not in told
    }
    notes = {kind: counts for kind, counts in found.notes.items() if kind != CHECK}
    notes |= {CHECK: checks} if checks else {}
    return replace(found, name=urlsplit(address).hostname or "server", notes=notes)


def read_fhir_resources(
    resources: Iterable[Mapping[str, Any]], name: str, *, infusions: pd.DataFrame | None = None
) -> Cohort:
    """Read FHIR R4 resources that are in memory; nothing of them is written to disk.

    Parameters
    ----------
    resources : iterable of JSON objects
        Each with a ``resourceType``.
    name : str
        Where they came from, for messages.
    infusions : DataFrame, optional
        List of infusions, as text: ``patient_id, infusion_time, product``.

    Raises
    ------
    SchemaError
        When no patient has an infusion.
    """
    codes = load_mapping(None)
    with StoredRows(LABS, "subject", in_memory=True) as labs:
        collected = Collected(People(None), labs, infusion_codes(codes), codes.analytes)
        for count, resource in enumerate(resources, start=1):
            collected.add(Located(dict(resource), "", name, Place(count)))
        return cohort_of(name, collected, infusions, Rejections())


def infusion_product(concept: Any) -> str | None:
    """The CAR-T product that a CodeableConcept means, empty where unnamed, None for no product.

    Examples
    --------
    >>> infusion_product({"text": "Yescarta"})
    'axicabtagene ciloleucel'
    """
    codes = infusion_codes(load_mapping(None))
    told = " / ".join(names(concept))[:500]
    found = (codes.product_of(code=c, text=told) for _, c, _ in codings(concept) or [("", "", "")])
    return next((product for product in found if product is not None), None)
