"""A product's name in a text is not an administration: what a record means."""

import pytest

from riskmodel.cohort.source.acts import INFUSION, meant_by
from riskmodel.cohort.vocabulary.infusions import infusion_codes
from riskmodel.cohort.vocabulary.mapping import load_mapping

CODES = infusion_codes(load_mapping(None))

# text -> why it is passed over; an empty text is an infusion. Of a record that is no drug's.
PROCEDURES = [
    ("Yescarta", ""),
    ("CAR-T (Yescarta) infusion", ""),
    ("Infusion of CAR T-cells (Breyanzi), bag 2 of 2, via central venous catheter", ""),
    ("Verabreichung Kymriah", ""),
    ("Administration of tisagenlecleucel, status: completed", ""),
    ("Leukapheresis for Yescarta manufacturing", "collection"),
    ("Leukozytapherese für Kymriah", "collection"),
    ("T-cell collection, Abecma", "collection"),
    ("Cell harvest (Carvykti)", "collection"),
    ("Thawing of Carvykti at bedside", "preparation"),
    ("Tecartus dose preparation", "preparation"),
    ("Receipt of Yescarta product", "preparation"),
    ("YESCARTA 2X10EXP8 CELLS (order)", "order"),
    ("Prescription: Breyanzi", "order"),
    ("Insurance authorization for Kymriah infusion", "order"),
    ("Referral to CAR-T clinic, axi-cel", "order"),
    ("Consultation for axicabtagene ciloleucel infusion", "consultation"),
    ("Patient education: axicabtagene ciloleucel", "consultation"),
    ("Aufklärungsgespräch Yescarta", "consultation"),
    ("Informed consent, CAR-T (Kymriah)", "consultation"),
    ("Post Yescarta infusion monitoring day 2", "follow up"),
    ("Status post Kymriah infusion", "follow up"),
    ("CAR-T persistence after Yescarta", "follow up"),
    ("Tisagenlecleucel transgene level by PCR", "follow up"),
    ("Nachsorge nach Kymriah-Infusion", "follow up"),
    ("Bridging before Abecma infusion", "before"),
    ("Premedication, Kymriah infusion", "before"),
    ("Kymriah infusion cancelled", "not done"),
    ("Kymriah box", "no infusion named"),
]


@pytest.mark.parametrize(("text", "why"), PROCEDURES)
def test_procedures_by_their_text(text: str, why: str) -> None:
    meant = meant_by(CODES, [], text, given=False)
    assert meant is not None
    assert (meant.kind, meant.passed_over != "") == (INFUSION, why != ""), text
    if why in ("order", "collection", "preparation", "not done", "no infusion named"):
        assert meant.passed_over == why


@pytest.mark.parametrize(
    ("text", "infusion"),
    [
        ("axicabtagene ciloleucel suspension, lot 123", True),
        ("Yescarta box 3, dose level 1", True),
        ("Yescarta (order)", False),
        ("Kymriah, thawed and discarded", False),
    ],
)
def test_a_drug_given_needs_no_word_of_it(text: str, infusion: bool) -> None:
    meant = meant_by(CODES, [], text, given=True)
    assert meant is not None
    assert (meant.passed_over == "") == infusion


@pytest.mark.parametrize("code", ["0537T", "0538T", "0539T", "38225", "CPT//38226", "6A550Z1"])
def test_codes_of_collecting_and_handling_are_no_infusion(code: str) -> None:
    meant = meant_by(CODES, [code], "CAR-T therapy (Yescarta)", given=False)
    assert meant is not None
    assert meant.passed_over == "collection"


def test_a_code_of_an_infusion_is_one_whatever_its_text_explains() -> None:
    text = "Axicabtagene ciloleucel, including leukapheresis and dose preparation procedures"
    for given in (True, False):
        assert meant_by(CODES, ["Q2041"], text, given=given) == (
            INFUSION, "axicabtagene ciloleucel", "", True,
        )  # fmt: skip
        meant = meant_by(CODES, [], text, given=given)
        assert meant is not None
        assert meant.passed_over == ""


def test_a_treatment_of_the_syndrome_is_that_treatment() -> None:
    for text in ("Tocilizumab 8 mg/kg after Yescarta", "dexamethasone (Kymriah day 3)"):
        meant = meant_by(CODES, [], text, given=True)
        assert meant is not None
        assert meant.kind in ("tocilizumab", "corticosteroid")
    assert meant_by(CODES, ["99213"], "office visit", given=False) is None
