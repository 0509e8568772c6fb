"""From the prefetched FHIR resources of a hook to a cohort of one patient, in memory."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from riskmodel.cohort import Cohort, infusion_product, read_fhir_resources
from riskmodel.web.problems import ProblemError

_DEEPEST = 3
_ORDERS = {"MedicationRequest": "medicationCodeableConcept", "ServiceRequest": "code"}
_SOURCE = "prefetch"
_SENT = {
    "results": "laboratory results",
    "given": "records of drugs given",
    "conditions": "conditions",
}
"""Prefetched lists whose absence changes what a card says."""


def resources(held: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The resources of a prefetched value: itself, or the entries of a Bundle."""
    if not isinstance(held, dict):
        return
    if held.get("resourceType") != "Bundle":
        if isinstance(held.get("resourceType"), str):
            yield held
        return
    entries = held.get("entry")
    for entry in entries if isinstance(entries, list) and depth < _DEEPEST else ():
        if isinstance(entry, dict):
            yield from resources(entry.get("resource"), depth + 1)


def gaps(prefetch: Mapping[str, Any]) -> list[str]:
    """What the client did not send, or sent only in part, in sentences."""
    found = []
    for name, said in _SENT.items():
        held = prefetch.get(name)
        kind = held.get("resourceType") if isinstance(held, dict) else None
        if kind != "Bundle":
            found.append(f"No {said} were sent.")
        elif _goes_on(held):
            found.append(
                f"Only the first page of the {said} was sent; the others are missing here."
            )
    return found


def _goes_on(bundle: Any) -> bool:
    links = bundle.get("link")
    return any(
        isinstance(link, dict) and link.get("relation") == "next"
        for link in (links if isinstance(links, list) else ())
    )


def records_of(
    prefetch: Mapping[str, Any], patient_id: str, most: int, ordered: tuple[str, datetime] | None
) -> Cohort:
    """The cohort of one patient.

    Parameters
    ----------
    prefetch : mapping of str to JSON
    patient_id : str
        The patient of the hook; resources of others are left aside.
    most : int
        Resources that are taken.
    ordered : (product, time), optional
        An infusion that is ordered and has not happened.

    Raises
    ------
    SchemaError
        When there is no infusion.
    ProblemError
        When there are too many resources.
    """
    listed = None
    if ordered is not None:
        listed = pd.DataFrame(
            {
                "patient_id": pd.Series([patient_id], dtype="str"),
                "infusion_time": pd.Series([ordered[1].isoformat()], dtype="str"),
                "product": pd.Series([ordered[0]], dtype="str"),
            }
        )
    cohort = read_fhir_resources(_counted(prefetch, most), _SOURCE, infusions=listed)
    mine = (cohort.patients["patient_id"] == patient_id).to_numpy(dtype=bool).nonzero()[0]
    return cohort.take(mine)


def _counted(prefetch: Mapping[str, Any], most: int) -> Iterator[dict[str, Any]]:
    """Every resource of a prefetch, up to a limit."""
    found = (resource for held in prefetch.values() for resource in resources(held))
    for count, resource in enumerate(found, start=1):
        if count > most:
            raise ProblemError(413, f"More than {most:,} resources were prefetched.")
        yield resource


def ordered_product(draft: Mapping[str, Any] | None, selections: list[str] | None) -> str | None:
    """The CAR-T product among the selected orders, None without one; empty where it is unnamed.

    Parameters
    ----------
    draft : mapping
        Bundle of draft orders.
    selections : list of str, optional
        Ids (``MedicationRequest/123``) of those that are selected; all where none is told.
    """
    entries = (draft or {}).get("entry")
    for entry in entries if isinstance(entries, list) else ():
        order = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(order, dict) or order.get("resourceType") not in _ORDERS:
            continue
        if selections and f"{order['resourceType']}/{order.get('id')}" not in selections:
            continue
        product = infusion_product(order.get(_ORDERS[order["resourceType"]]))
        if product is not None:
            return product
    return None
