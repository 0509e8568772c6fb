"""Bring docs/simulation.md up to date: its measured paragraphs, its table and its picture.

Run by hand after a change of the simulation: ``.venv/bin/python docs/make_simulation.py``. The
cohorts are those of the calibration report and of the tests.
"""

from pathlib import Path

from riskmodel.simulation import draw_cohort
from riskmodel.simulation.realism import pictures
from riskmodel.simulation.realism.agreement import agreement, agreement_by_regime
from riskmodel.simulation.realism.figures import Comparison, compare, drawn
from riskmodel.simulation.realism.observed import observe
from riskmodel.simulation.realism.report import MIX_PATIENTS, MIX_SEED
from riskmodel.simulation.realism.statistics import Estimate

DOCS = Path(__file__).resolve().parent


def share(found: Estimate) -> str:
    """A share with its interval."""
    return f"{found.value:.1%} ({found.low:.1%} to {found.high:.1%}, n {found.n:,})"


def agreement_words() -> str:
    """The rules against the truth, on the default mix."""
    found = agreement(observe(draw_cohort(MIX_PATIENTS, MIX_SEED)))
    low, high = found.spread_days
    lines = [
        f"On {MIX_PATIENTS:,} patients (seed {MIX_SEED}), `{found.definition}` with cytopenia rule",
        f"`{found.cytopenia_rule}`, onset before day {found.horizon_days:g}; 95% intervals:",
        "",
        "| | |",
        "|---|---|",
        f"| sensitivity | {share(found.sensitivity)} |",
        f"| specificity | {share(found.specificity)} |",
        f"| specificity among those who never have IEC-HS | {share(found.specificity_never)} |",
        f"| labelled less latent onset, median | {found.late_days.value:.2f} days "
        f"(5th to 95th centile {low:.1f} to {high:.1f}) |",
        f"| size of the error, median | {found.error_days.value:.2f} days |",
    ]
    lines += [f"| missed: {reason} | {n} |" for reason, n in found.missed.items()]
    lines += [f"| too many: {reason} | {n} |" for reason, n in found.extra.items()]
    return "\n".join(lines)


def regime_rows() -> str:
    """Every definition and the adjudicator by how blood is drawn."""
    lines = [
        "| draws | labels | sensitivity | specificity, never IEC-HS | neither met nor excluded "
        "| days late, median | days off, median |",
        "|---|---|---|---|---|---|---|",
    ]
    for found in agreement_by_regime(MIX_PATIENTS, MIX_SEED):
        lines.append(
            f"| {found.sampling} | `{found.definition}` | {found.sensitivity.value:.1%} "
            f"({found.sensitivity.low:.1%} to {found.sensitivity.high:.1%}) "
            f"| {found.specificity_never.value:.1%} | {found.unseen.value:.1%} "
            f"| {found.late_days.value:.1f} | {found.error_days.value:.1f} |"
        )
    return "\n".join(lines)


def row(shown: Comparison) -> str:
    """One line of the table."""
    figure, found = shown.figure, shown.found
    words = f"{figure.title}: {figure.words}" if figure.words else figure.title
    held = {True: "within", False: "outside", None: "shown only"}[shown.holds]
    return (
        f"| {words} | {figure.published:,.4g} | {found.value:,.4g} "
        f"({found.low:,.4g} to {found.high:,.4g}) | {figure.tolerance} | {held} |"
    )


def main() -> None:
    """Write docs/simulation.svg and what stands between the markers of docs/simulation.md."""
    cohorts = drawn()
    comparisons = compare(cohorts)
    picture = pictures.courses(cohorts["cd22"], comparisons)
    white = picture.replace("<svg ", '<svg style="background:#fff" ', 1)
    (DOCS / "simulation.svg").write_text(white + "\n", encoding="utf-8")
    head = (
        "| figure | published | simulated (95% interval) | tolerance | |\n|---|---|---|---|---|\n"
    )
    parts = {
        "agreement": agreement_words(),
        "regimes": regime_rows(),
        "figures": head + "\n".join(map(row, comparisons)),
    }
    page = DOCS / "simulation.md"
    text = page.read_text(encoding="utf-8")
    for name, content in parts.items():
        start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, rest = text.split(start)
        text = f"{before}{start}\n{content}\n{end}{rest.split(end)[1]}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
