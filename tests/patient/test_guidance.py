"""What print says of monitoring and management: complete, credited, and for the right patient."""

from riskmodel.patient.guidance import guidance


def said(**patient):
    return [item for items in guidance(**patient).values() for item in items]


def test_each_programme_has_its_own_monitoring():
    oncology, autoimmune = said(autoimmune=False), said(autoimmune=True)
    assert any(item.text.startswith("Oncology: ferritin and fibrinogen daily") for item in oncology)
    assert any("hepatic panel every 2 to 3 days" in item.text for item in autoimmune)
    assert not any("hepatic panel" in item.text for item in oncology)
    assert not any("BCMA" in item.text for item in autoimmune)


def test_nothing_of_the_advice_is_left_out():
    text = " ".join(item.text for item in said(autoimmune=False)).lower()
    for word in (
        "corticosteroids", "anakinra", "ruxolitinib", "emapalumab", "etoposide", "transfusion",
        "antimicrobials", "infectious-disease", "rheumatology", "il-6 blockade", "fever", "rash",
        "liver or spleen", "lymph nodes", "pancytopenia", "trigger", "86,028", "7,470", "94%",
        "58% improved",
    ):  # fmt: skip
        assert word in text, word


def test_every_sentence_is_credited_to_the_document_that_has_it():
    for patient in (True, False):
        for item in said(autoimmune=patient):
            assert item.source
            assert "EVIDENCE" not in item.source
    by_text = {item.text: item.source for item in said(autoimmune=False)}
    il6 = next(source for text, source in by_text.items() if text.startswith("IL-6"))
    assert il6.startswith("guideline news")
    symptoms = next(source for text, source in by_text.items() if text.startswith("Fever"))
    assert symptoms == "overview"
    hook = next(source for text, source in by_text.items() if "hook effect" in text)
    assert hook.endswith("second-hand")
