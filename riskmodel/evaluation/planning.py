"""What a study asks for before it starts: patients, events and months."""

import math
from dataclasses import dataclass

from riskmodel.errors import SchemaError
from riskmodel.evaluation.measures.sample_size import (
    MARGIN,
    SampleSize,
    anticipated_r2,
    largest_r2,
    minimum_sample,
)
from riskmodel.evaluation.measures.validation_size import ValidationSize, minimum_validation


@dataclass(frozen=True)
class Plan:
    """Sizes of a development and of an external validation.

    Attributes
    ----------
    prevalence, auroc, threshold : float
    parameters : int
    per_month : float, optional
        Patients infused and followed in a month.
    cox_snell_r2, nagelkerke_r2 : float
        What the AUROC comes to at this prevalence.
    margin : float
        Within which the overall risk is to be known.
    development : SampleSize
    validation : ValidationSize
    """

    prevalence: float
    auroc: float
    threshold: float
    parameters: int
    per_month: float | None
    cox_snell_r2: float
    nagelkerke_r2: float
    margin: float
    development: SampleSize
    validation: ValidationSize

    def months(self, patients: int) -> int | None:
        """Months in which as many patients are seen, None where nothing was said of them."""
        return None if self.per_month is None else math.ceil(patients / self.per_month)

    def lines(self) -> list[str]:
        """The plan in words."""
        new, old = self.development, self.validation
        rows = [
            f"Development, {self.parameters} parameters, prevalence {self.prevalence:.1%}, AUROC "
            f"{self.auroc:.2f} (Cox-Snell R-squared {self.cox_snell_r2:.3f}, Nagelkerke "
            f"{self.nagelkerke_r2:.2f}):",
            self._row("shrinkage of at least 0.9", new.shrinkage),
            self._row("optimism of at most 0.05 in Nagelkerke's R-squared", new.optimism),
            self._row(f"overall risk within {self.margin:g}", new.overall_risk),
            self._row("needed", new.needed),
            f"External validation, threshold {self.threshold:.0%} (sensitivity "
            f"{old.sensitivity:.0%}, specificity {old.specificity:.0%} there):",
            self._row("observed / expected", old.ratio),
            self._row("calibration slope", old.slope),
            self._row("AUROC", old.auroc),
            self._row("standardised net benefit", old.net_benefit),
            self._row("needed", old.needed),
        ]
        return rows + self.notes()

    def _row(self, words: str, patients: int) -> str:
        months = self.months(patients)
        events = math.ceil(patients * self.prevalence)
        row = f"  {words:<52}{patients:>8,} patients{events:>7,} events"
        return row if months is None else f"{row}{months:>6,} months"

    def notes(self) -> list[str]:
        """What the sizes do not say by themselves."""
        found = []
        new = self.development
        if self.auroc > 0.8:
            found.append(
                "Above an AUROC of 0.8 the shrinkage criterion asks for too few: add 50 to 100%, "
                f"{math.ceil(1.5 * new.shrinkage):,} to {2 * new.shrinkage:,} patients "
                "(BMC Med Res Methodol 2024;24:146)."
            )
        if self.margin > self.prevalence / 2:
            half = minimum_sample(
                self.prevalence,
                self.parameters,
                cox_snell_r2=self.cox_snell_r2,
                margin=self.prevalence / 2,
            ).overall_risk
            found.append(
                f"A margin of {self.margin:g} is more than half of the prevalence; half of it, "
                f"{self.prevalence / 2:.3f}, asks for {half:,} patients."
            )
        for words, size in (("development", new), ("validation", self.validation)):
            if size.events < 100:
                found.append(
                    f"The {words} would see {size.events} events; fewer than 100 are seldom "
                    "enough for a calibration curve (from memory, unverified)."
                )
        found.append(
            "The linear predictor is taken as normal with and without the event and as "
            "calibrated; patients whose outcome is not seen come on top."
        )
        return found


def plan(
    prevalence: float,
    parameters: int,
    auroc: float,
    *,
    threshold: float = 0.1,
    per_month: float | None = None,
    margin: float = MARGIN,
    ratio_width: float = 0.2,
    slope_width: float = 0.2,
    auroc_width: float = 0.1,
    benefit_width: float = 0.2,
) -> Plan:
    """Patients and events that a development and an external validation ask for.

    Parameters
    ----------
    prevalence : float
        Share of patients with the event before the horizon, between 0 and 1.
    parameters : int
        Candidate parameters of the model.
    auroc : float
        Anticipated, above 0.5 and below 1; be conservative.
    threshold : float
        Risk at which somebody would act.
    per_month : float, optional
        Patients a month.
    margin : float
        Within which the overall risk is to be known.
    ratio_width, slope_width, auroc_width, benefit_width : float
        Of `minimum_validation`.

    Raises
    ------
    SchemaError
        When a number lies outside what it can be.

    Examples
    --------
    >>> found = plan(0.2, 30, 0.78, threshold=0.2, per_month=10)
    >>> found.development.needed, found.months(found.development.needed)
    (1545, 155)
    """
    shares = {"prevalence": prevalence, "threshold": threshold, "margin": margin}
    for name, share in shares.items():
        if not 0 < share < 1:
            raise SchemaError(f"The {name} {share:g} does not lie between 0 and 1. Give a share.")
    if not 0.5 < auroc < 1:
        raise SchemaError(
            f"An AUROC of {auroc:g} does not lie between 0.5 and 1. A model that ranks no better "
            "than chance cannot be planned for; give what a similar model reached."
        )
    if parameters < 1:
        raise SchemaError(f"A model of {parameters} parameters cannot be planned. Give 1 or more.")
    widths = {
        "observed / expected": ratio_width,
        "calibration slope": slope_width,
        "AUROC": auroc_width,
        "standardised net benefit": benefit_width,
    }
    for name, width in widths.items():
        if not 0 < width < math.inf:
            raise SchemaError(
                f"The width {width:g} of the interval of {name} is no positive number. Give one."
            )
    if per_month is not None and not 0 < per_month < math.inf:
        raise SchemaError(f"{per_month:g} patients a month never fill a study. Give more than 0.")
    r2 = anticipated_r2(prevalence, auroc)
    return Plan(
        prevalence=prevalence,
        auroc=auroc,
        threshold=threshold,
        parameters=parameters,
        per_month=per_month,
        cox_snell_r2=r2,
        nagelkerke_r2=r2 / largest_r2(prevalence),
        margin=margin,
        development=minimum_sample(prevalence, parameters, cox_snell_r2=r2, margin=margin),
        validation=minimum_validation(
            prevalence,
            auroc,
            threshold,
            ratio_width=ratio_width,
            slope_width=slope_width,
            auroc_width=auroc_width,
            benefit_width=benefit_width,
        ),
    )
