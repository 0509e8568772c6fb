"""When an Encounter (FHIR R4) brought a patient into intensive care."""

from riskmodel.cohort.fhir.files import Located
from riskmodel.cohort.fhir.resources import Resource, codings, listed, mapping, names, text
from riskmodel.cohort.vocabulary.clinical_names import is_intensive_care

_ONLY_MEANT = ("planned", "reserved")


def _says_so(concept: object) -> bool:
    codes = [code for _, code, _ in codings(concept)]
    return is_intensive_care(" / ".join(names(concept))[:500], *codes)


class Places:
    """Location resources that are intensive care, by the names under which others refer to them."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def add(self, located: Located) -> None:
        """Learn of one Location."""
        place = located.resource
        types = [*listed(place.get("type")), mapping(place.get("physicalType"))]
        if is_intensive_care(text(place.get("name"))[:200]) or any(map(_says_so, types)):
            if own := text(place.get("id")):
                self._known.add(f"Location/{own}")
            if located.full_url:
                self._known.add(located.full_url)

    def holds(self, place: Resource) -> bool:
        """Whether a reference to a Location means intensive care."""
        asked = text(place.get("reference"))
        short = "/".join(asked.split("/")[-2:])
        shown = is_intensive_care(text(place.get("display"))[:200])
        return shown or asked in self._known or short in self._known


def stays(located: Located, places: Places) -> list[str]:
    """Start of each stay in intensive care, empty text where it is not told.

    An Encounter that is intensive care by its class, type or service is one stay. Of any other,
    the locations count that are.
    """
    encounter = located.resource
    start = text(mapping(encounter.get("period")).get("start"))
    whole = mapping(encounter.get("class"))
    own = is_intensive_care(text(whole.get("display"))[:200], text(whole.get("code")))
    if own or any(map(_says_so, [*listed(encounter.get("type")), encounter.get("serviceType")])):
        return [start]
    found = []
    for stay in listed(encounter.get("location")):
        if places.holds(mapping(stay.get("location"))) and (
            text(stay.get("status")) not in _ONLY_MEANT
        ):
            found.append(text(mapping(stay.get("period")).get("start")) or start)
    return list(dict.fromkeys(found))
