"""Published incidence: whose figure stands for whom, and never another product's."""

import math

import pytest

from riskmodel.criteria.incidence import autoimmune_words, base_rate, published_incidence


@pytest.mark.parametrize(
    ("about", "share", "low", "high", "who"),
    [
        (("ide-cel", "BCMA", "MM"), 21 / 712, 0.018, 0.045, "idecabtagene vicleucel"),
        (("Carvykti", None, None), 53 / 790, 0.050, 0.087, "ciltacabtagene autoleucel"),
        (("brexu-cel", "CD19", "MCL"), 0.036, 0.025, 0.051, "CD19 target, 90-day"),
        (("brexu-cel", "CD19", "B-ALL"), 4 / 27, 0.042, 0.337, "CD19 target, B-ALL"),
        (("liso-cel", "CD19", "LBCL"), 0.036, 0.025, 0.051, "CD19 target, 90-day"),
        ((None, "CD19", "B-ALL"), 4 / 27, 0.041, 0.338, "CD19 target, B-ALL"),
        ((None, "CD22", "B-ALL"), 9 / 59, 0.072, 0.270, "CD22 target"),
        ((None, None, None), 0.051, 0.03, 0.35, "all products"),
    ],
)
def test_the_base_rate_is_the_closest_in_print(about, share, low, high, who):
    found = base_rate(*about)
    assert found.share == pytest.approx(share)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
    assert found.who.startswith(who)


def test_every_figure_has_a_source_and_lies_in_its_interval():
    for product in ("axi-cel", "tisa-cel", "ide-cel", "cilta-cel", "brexu-cel", "liso-cel"):
        for target in ("CD19", "CD22", "BCMA"):
            for found in published_incidence(product, target, None):
                assert found.source
                if math.isnan(found.share):
                    continue
                assert 0 < found.low <= found.share <= found.high < 1


def test_a_product_with_figures_of_its_own_is_given_no_other_product_s():
    names = [found.who for found in published_incidence("ide-cel", "BCMA", "MM")]
    assert all("idecabtagene" in name for name in names[:-1])
    assert names[-1] == "all products and reports"


def test_a_product_without_a_denominator_is_said_to_have_none_and_given_no_single_other_s():
    found = published_incidence("brexu-cel", "CD19", "B-ALL")
    assert found[0].who == "brexucabtagene autoleucel"
    assert math.isnan(found[0].share)
    assert "no series with a denominator" in found[0].source
    others = [rate.who for rate in found[1:]]
    assert others
    assert all(who.startswith(("CD19 target", "all products")) for who in others)
    assert not any("4-1BB" in who for who in others)


@pytest.mark.parametrize("disease", ["SLE", "SSc", "IIM"])
def test_an_autoimmune_indication_has_its_own_series_alone(disease):
    (found,) = published_incidence("axi-cel", "CD19", disease)
    assert (found.events, found.patients) == (0, 47)
    assert found.high == pytest.approx(0.0755, abs=1e-4)  # exact, two-sided
    assert found.source.startswith("ASTCT-based page")


def test_the_bound_that_pages_print_is_the_exact_one():
    """The risk at which no event in so many patients has a chance of 2.5%."""
    (found,) = published_incidence(None, None, "SLE")
    assert (found.events, found.patients) == (0, 47)
    assert (1 - found.high) ** 47 == pytest.approx(0.025)
    assert autoimmune_words().endswith(f"exact 95% upper bound {100 * found.high:.1f}%")
