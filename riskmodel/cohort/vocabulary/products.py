"""Product names and synonyms: target antigen and costimulatory domain of a product."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from riskmodel.cohort.schema import PATIENT_CHOICES
from riskmodel.files import read_toml


@dataclass(frozen=True)
class Product:
    """One product of products.toml."""

    name: str
    target_antigen: str
    costimulatory_domain: str
    source: str
    names: tuple[str, ...] = ()
    unverified: bool = False


_OTHERWISE = re.compile(
    r"\b(?:not|no|non|none|never|without|kein\w*|nicht|ohne|sans|sin|senza|placebo|vs|versus|or|oder|ou"
    r"|post|after|nach|prior|previous\w*|former\w*|earlier|failed|like|unlike|instead)\b"
)
"""Words beside a product's name by which a text may be about another product."""


def _fold(text: str) -> str:
    """Letters and figures without case and accents, of any script."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[\W_]+", "", "".join(c for c in plain if not unicodedata.combining(c)))


@cache
def _products() -> Mapping[str, Product]:
    table = read_toml(Path(__file__).parent / "products.toml")
    found: dict[str, Product] = {}
    for entry in table["product"]:
        values: dict[str, Any] = {**entry, "names": tuple(entry["names"])}
        product = Product(**values)
        for name in (product.name, *product.names):
            found[_fold(name)] = product
    return found


@cache
def _synonyms() -> Mapping[str, Mapping[str, str]]:
    table = read_toml(Path(__file__).parent / "products.toml")["synonyms"]
    found: dict[str, dict[str, str]] = {}
    for column, allowed in PATIENT_CHOICES.items():
        folded = {_fold(choice): choice for choice in allowed}
        for choice, spellings in table.get(column, {}).items():
            folded |= {_fold(spelling): choice for spelling in spellings}
        found[column] = folded
    return found


def find_product(text: str) -> Product | None:
    """Product of a generic, brand or short name, alone or inside a longer text.

    Examples
    --------
    >>> find_product("Yescarta\N{REGISTERED SIGN}").costimulatory_domain
    'CD28'
    >>> find_product("Tisagenlecleucel (Kymriah)").target_antigen
    'CD19'
    >>> find_product("in-house CAR") is None
    True
    """
    folded = _fold(text)
    if folded in _products():
        return _products()[folded]
    inside = {p.name: p for key, p in _products().items() if len(key) >= 6 and key in folded}
    return next(iter(inside.values())) if len(inside) == 1 else None


def stated_product(text: str) -> Product | None:
    """Product that a cell says was given, None where it may speak of another one.

    Examples
    --------
    >>> stated_product("Yescarta, 2nd dose").target_antigen
    'CD19'
    >>> stated_product("not Yescarta"), stated_product("CD22 CAR after Kymriah")
    (None, None)
    """
    return None if _OTHERWISE.search(text.casefold()) else find_product(text)


def product_name(text: str) -> str:
    """Generic name of a product, or the text itself where the product is not in the table.

    Examples
    --------
    >>> product_name("Yescarta"), product_name("in-house CAR")
    ('axicabtagene ciloleucel', 'in-house CAR')
    """
    found = find_product(text)
    return text if found is None else found.name


def choice(column: str, text: str) -> str | None:
    """Allowed value that a spelling means, None where it is unknown.

    Examples
    --------
    >>> choice("costimulatory_domain", "CD137"), choice("disease", "DLBCL")
    ('4-1BB', 'LBCL')
    """
    return _synonyms()[column].get(_fold(text))


def products() -> tuple[Product, ...]:
    """Every product of the table, in its order.

    Examples
    --------
    >>> products()[0].name
    'axicabtagene ciloleucel'
    """
    return tuple({product.name: product for product in _products().values()}.values())


@cache
def product_names() -> tuple[str, ...]:
    """Every name of every product."""
    return tuple(name for product in products() for name in (product.name, *product.names))
