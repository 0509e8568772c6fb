"""The calibration report: every published figure beside the simulated one, on one page."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from riskmodel import RESEARCH_USE
from riskmodel.arrays import Flags, Floats
from riskmodel.errors import SchemaError
from riskmodel.files import write_text
from riskmodel.pictures import css_palette
from riskmodel.simulation.cohort import draw_cohort
from riskmodel.simulation.realism import pictures
from riskmodel.simulation.realism.agreement import Agreement, agreement, agreement_by_regime
from riskmodel.simulation.realism.figures import Comparison, compare, drawn
from riskmodel.simulation.realism.observed import CASE, Observed, observe
from riskmodel.simulation.realism.statistics import Estimate

MIX_PATIENTS, MIX_SEED = 4000, 41
_PRODUCTS: Mapping[str, str] = {"cd22": "CD22", "tisa_cel": "tisa-cel, B-ALL", "bcma": "Myeloma"}


def write_calibration(out: Path, seed: int = 0) -> tuple[Comparison, ...]:
    """Write the report as one self-contained page.

    Parameters
    ----------
    out : Path
        An ``.html`` file.
    seed : int
        0 for the cohorts that the tests hold to the tolerances; another for fresh ones.

    Returns
    -------
    tuple of Comparison

    Raises
    ------
    SchemaError
        When `out` does not end in ``.html``, or the seed is negative.
    """
    if out.suffix.lower() != ".html":
        raise SchemaError(f"Report '{out}' does not end in .html. Rename it.")
    if seed < 0:
        raise SchemaError(f"Seed {seed} is negative. Choose 0 or a positive whole number.")
    cohorts = drawn(seed=seed)
    comparisons = compare(cohorts)
    mix = observe(draw_cohort(MIX_PATIENTS, MIX_SEED + seed))
    regimes = agreement_by_regime(MIX_PATIENTS, MIX_SEED + seed)
    page = calibration_page(cohorts, comparisons, mix, regimes)
    write_text(out, page)
    return comparisons


def calibration_page(
    cohorts: Mapping[str, Observed],
    comparisons: Sequence[Comparison],
    mix: Observed,
    regimes: Sequence[Agreement] = (),
) -> str:
    """HTML of the report.

    Parameters
    ----------
    cohorts : mapping of str to Observed
        Of `drawn`.
    comparisons : sequence of Comparison
        Of `compare`.
    mix : Observed
        A cohort of the default mix: its patients are shown, its labels judged.
    regimes : sequence of Agreement
        Of `agreement_by_regime`.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    labels = agreement(mix)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    judged = [c.holds for c in comparisons if c.holds is not None]
    distinct = {id(o.cohort): len(o) for o in cohorts.values()}
    low, high = labels.spread_days
    content: dict[str, Any] = {
        "research_use": RESEARCH_USE,
        "palette": Markup(css_palette()),
        "drawn": f"{sum(distinct.values()):,} patients were drawn for it, and {len(mix):,} "
        "of the default mix of products.",
        "held": len(judged),
        "within": sum(judged),
        "alone": len(comparisons) - len(judged),
        "courses": pictures.courses(cohorts["cd22"], comparisons),
        "onsets": _onsets(cohorts, comparisons),
        "incidences": pictures.incidences(
            [c for c in comparisons if c.figure.statistic == "incidence" and not c.figure.arguments]
        ),
        "patients": pictures.patients(mix, _ten(mix)),
        "agreement": labels,
        "labelled": f"{len(mix):,}",
        "sensitivity": _percent(labels.sensitivity),
        "specificity": _percent(labels.specificity),
        "specificity_never": _percent(labels.specificity_never),
        "late": f"{labels.late_days.value:.2f}",
        "error": f"{labels.error_days.value:.2f}",
        "spread": f"{low:.1f} to {high:.1f}".replace("-", "\N{MINUS SIGN}"),
        "regimes": [
            {
                "sampling": found.sampling,
                "definition": found.definition,
                "sensitivity": _percent(found.sensitivity),
                "specificity": _percent(found.specificity_never),
                "unseen": f"{found.unseen.value:.0%}",
                "late": f"{found.late_days.value:.1f}".replace("-", "\N{MINUS SIGN}"),
                "error": f"{found.error_days.value:.1f}",
            }
            for found in regimes
        ],
        "sets": _sets(comparisons),
    }
    return environment.get_template("report.html.j2").render(**content)


def _percent(found: Estimate) -> str:
    return f"{found.value:.1%} (95% interval {found.low:.1%} to {found.high:.1%}, n {found.n:,})"


def _number(value: float) -> str:
    if np.isnan(value):
        return "\N{EN DASH}"
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}")


def _sets(comparisons: Sequence[Comparison]) -> list[dict[str, Any]]:
    """The table's parts: one per title, statistic and source."""
    verdicts = {True: "within", False: "outside", None: "shown only"}
    found: list[dict[str, Any]] = []

    def key(shown: Comparison) -> tuple[str, str, str]:
        return shown.figure.title, shown.figure.unit, shown.figure.source

    for (title, unit, source), part in groupby(comparisons, key):
        rows = [
            {
                "words": c.figure.words or "all",
                "published": _number(c.figure.published),
                "interval": " to ".join(map(_number, c.figure.interval or ())),
                "value": _number(c.found.value),
                "low": _number(c.found.low),
                "high": _number(c.found.high),
                "n": f"{c.found.n:,}",
                "tolerance": c.figure.tolerance,
                "verdict": verdicts[c.holds],
                "unverified": c.figure.unverified,
            }
            for c in part
        ]
        unverified = any(row["unverified"] for row in rows)
        head = {"title": title, "unit": unit, "source": source, "unverified": unverified}
        found.append({**head, "rows": rows})
    return found


def _onsets(cohorts: Mapping[str, Observed], comparisons: Sequence[Comparison]) -> str:
    days: dict[str, Floats] = {}
    published: dict[str, tuple[float, float, float]] = {}
    for name, words in _PRODUCTS.items():
        days[words] = cohorts[name].onset[cohorts[name].group(CASE)]
        at = {
            c.figure.arguments["quantile"]: c.figure.published
            for c in comparisons
            if (c.figure.cohort, c.figure.statistic) == (name, "onset")
        }
        published[words] = at[0.5], at.get(0.25, at[0.0]), at.get(0.75, at[1.0])
    return pictures.onsets(days, published)


def _ten(mix: Observed) -> list[tuple[int, str]]:
    """The first patients of each kind, with a line of words."""
    never = np.isnan(mix.onset)
    kinds: Sequence[tuple[str, Flags, int]] = (
        ("IEC-HS before day 14", mix.onset < 14, 3),
        ("IEC-HS later", mix.onset >= 14, 1),
        ("CRS 3-4, no IEC-HS", never & (mix.crs >= 3), 2),
        ("CRS 2", never & (mix.crs == 2), 2),
        ("CRS 1", never & (mix.crs == 1), 1),
        ("no CRS", never & (mix.crs == 0), 1),
    )
    people = mix.cohort.patients
    found: list[tuple[int, str]] = []
    for words, held, count in kinds:
        for k in np.flatnonzero(held & (mix.end > 25))[:count]:
            row = people.iloc[int(k)]
            product = str(row["product"]).split(" (")[0].split(",")[0]
            found.append((int(k), f"{row['patient_id']}\n{product}\n{row['disease']}\n{words}"))
    return found
