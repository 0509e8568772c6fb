"""Products by any of their names."""

import pytest

from riskmodel.cohort.vocabulary.products import (
    choice,
    find_product,
    product_name,
    product_names,
    products,
    stated_product,
)


def test_every_name_finds_its_product() -> None:
    for product in products():
        for name in (product.name, *product.names):
            found = find_product(name)
            assert found is not None
            assert found.name == product.name
    assert set(product_names()) >= {product.name for product in products()}


@pytest.mark.parametrize("text", ["", "CAR", "Yescarta or Kymriah", "in-house CAR"])
def test_what_names_no_one_product(text: str) -> None:
    assert find_product(text) is None
    assert product_name(text) == text


def test_choices() -> None:
    assert (choice("sex", "female"), choice("sex", "x9")) == ("F", None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Yescarta", "axicabtagene ciloleucel"),
        ("Kymriah, 2nd infusion", "tisagenlecleucel"),
        ("not Yescarta", None),
        ("kein Kymriah", None),
        ("Placebo (Yescarta)", None),
        ("CD22 CAR after Kymriah", None),
        ("prior Kymriah; now CD22", None),
        ("Yescarta vs Kymriah", None),
        ("non-Yescarta", None),
    ],
)
def test_a_cell_that_may_speak_of_another_product_states_none(text, name) -> None:
    found = stated_product(text)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("text", "sex"),
    [("m\u00e4nnlich", "M"), ("w", "F"), ("Femme", "F"), ("\u5973", "F"), ("\u7537\u6027", "M"),
     ("?", None), ("\u4e0d\u660e", None), ("-", None), ("x", None)],
)  # fmt: skip
def test_words_for_sex_in_any_script(text, sex) -> None:
    assert choice("sex", text) == sex
