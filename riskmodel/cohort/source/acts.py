"""What a record of something done means: an infusion, a treatment, or neither."""

from collections.abc import Sequence
from typing import NamedTuple

from riskmodel.cohort.vocabulary.clinical_names import treatment_of
from riskmodel.cohort.vocabulary.infusions import InfusionCodes

INFUSION = "infusion"
"""Kind of an act that is an infusion; its value is the product, empty where unknown."""


class Meant(NamedTuple):
    """What a record means.

    Attributes
    ----------
    kind : str
        `INFUSION` or an event of the contract.
    product : str
        Of an infusion, empty where unknown.
    passed_over : str
        Why a record about a product is no infusion, empty where it is.
    coded : bool
        Whether a code says that it is an infusion, or something about one.
    """

    kind: str
    product: str = ""
    passed_over: str = ""
    coded: bool = False


def meant_by(
    infusions: InfusionCodes, codes: Sequence[str], text: str, *, given: bool
) -> Meant | None:
    """What the codes and the text of one record mean, None for neither infusion nor treatment.

    A drug that treats the syndrome is that drug, whichever product its text speaks of.

    Parameters
    ----------
    infusions : InfusionCodes
    codes : sequence of str
    text : str
        All names of the record.
    given : bool
        Whether it is a record of a drug given, so that a product's name is enough.

    Examples
    --------
    >>> from riskmodel.cohort.vocabulary.infusions import infusion_codes
    >>> from riskmodel.cohort.vocabulary.mapping import load_mapping
    >>> known = infusion_codes(load_mapping(None))
    >>> meant_by(known, [], "Tocilizumab 8 mg/kg, 3 days after Yescarta", given=True).kind
    'tocilizumab'
    >>> meant_by(known, [], "Consultation for Kymriah", given=False).passed_over
    'consultation'
    """
    told = infusions.told(codes, text, given=given)
    treatment = None if told.coded else treatment_of(text, *codes)
    if told.product is not None and not told.passed_over and treatment is None:
        return Meant(INFUSION, told.product, coded=told.coded)
    if treatment is not None:
        return Meant(treatment)
    if told.product is None:
        return None
    return Meant(INFUSION, told.product, told.passed_over, told.coded)
