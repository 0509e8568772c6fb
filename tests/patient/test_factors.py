"""Clinical factors: what they show, what is missing, which way they move the risk."""

import re

import pytest

from riskmodel.models import HARDLY
from riskmodel.patient.factors import Factor, factors_of, grouped, measured
from riskmodel.scoring import model_catalogue


def test_every_factor_has_a_row_with_its_effect_in_words(html, early, document):
    text = document(html).text
    for factor in set(early.classifier.groups.values()):
        assert f"<li><strong>{factor}</strong>: " in html
    assert re.search(r"▲ raises the risk, ×\d", text)
    assert "log10" not in text
    assert "log2" not in text
    assert "doublings" not in text


@pytest.mark.parametrize(
    ("contribution", "direction"),
    [(HARDLY, "raises"), (-HARDLY, "lowers"), (HARDLY - 1e-9, "hardly"), (0.0, "hardly")],
)
def test_the_direction_is_that_of_the_contribution(contribution, direction):
    factor = Factor("x", (), "", (), contribution)
    assert factor.direction == direction
    assert factor.effect.startswith(direction)


def test_labels_are_grouped_by_what_is_measured():
    labels = ["LDH, last", "LDH, trend", "tumor burden", "ferritin, last"]
    assert grouped(labels) == ["LDH (last, trend)", "Tumor burden", "Ferritin (last)"]
    assert grouped(labels, whole={"LDH"})[0] == "LDH"
    assert measured(labels) == ["LDH", "Tumor burden", "Ferritin"]


def test_what_is_unknown_is_missing_and_is_said(early, scores):
    row = scores.loc[scores["risk"].notna()].iloc[0]
    nothing = row.reindex(list(early.features)).astype(float) * float("nan")
    for factor in factors_of(nothing, early, row):
        assert factor.missing
        assert factor.brief == "unknown"
        assert all(line.endswith(": unknown") for line in factor.lines)
        assert factor.contribution == row[factor.column]


def test_of_the_products_only_the_patients_own_is_named(early, scores):
    row = scores.loc[scores["risk"].notna()].iloc[0]
    named = [f for f in model_catalogue(early) if f.builder == "product_choice"]
    assert len(named) > 1
    shown = row.reindex(list(early.features)).astype(float).fillna(1.0)
    shown[[f.name for f in named]] = [1.0, *[0.0] * (len(named) - 1)]
    lines = [line for factor in factors_of(shown, early, row) for line in factor.lines]
    told = [line for line in lines if line.casefold().startswith("product ")]
    assert len(told) == 1
    assert told[0].casefold().startswith(named[0].label.casefold())


def test_another_products_series_is_not_called_this_products(early, scores):
    row = scores.loc[scores["risk"].notna()].iloc[0]
    shown = row.reindex(list(early.features)).astype(float).fillna(1.0)
    told = " ".join(line for factor in factors_of(shown, early, row) for line in factor.lines)
    assert "IEC-HS in the nearest published series" in told
    assert "for this product" not in told
