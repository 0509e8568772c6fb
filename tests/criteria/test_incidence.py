"""Published incidence: whose figure stands for whom, and never another product's."""

import pytest

from riskmodel.criteria.incidence import base_rate, published_incidence


@pytest.mark.parametrize(
    ("about", "share", "low", "high", "who"),
    [
        (("ide-cel", "BCMA", "MM"), 21 / 712, 0.018, 0.045, "idecabtagene vicleucel"),
        (("Carvykti", None, None), 53 / 790, 0.050, 0.087, "ciltacabtagene autoleucel"),
        (("brexu-cel", "CD19", "MCL"), 28 / 803, 0.025, 0.051, "CD19 target"),
        (("brexu-cel", "CD19", "B-ALL"), 4 / 27, 0.041, 0.338, "CD19 target, B-ALL"),
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
                assert 0 < found.low <= found.share <= found.high < 1


def test_a_product_with_figures_of_its_own_is_given_no_other_product_s():
    names = [found.who for found in published_incidence("ide-cel", "BCMA", "MM")]
    assert all("idecabtagene" in name for name in names[:-1])
    assert names[-1] == "all products and reports"
