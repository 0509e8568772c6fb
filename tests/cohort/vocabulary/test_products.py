"""Products by any of their names."""

import pytest

from riskmodel.cohort.vocabulary.products import (
    choice,
    find_product,
    product_name,
    product_names,
    products,
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
