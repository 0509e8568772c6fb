"""Move the champion alias through the gate, write down why, and take it back."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from riskmodel import tracking
from riskmodel.cohort import Cohort
from riskmodel.errors import SchemaError
from riskmodel.evaluation import (
    FEWEST,
    Examples,
    at_risk_rows,
    compare,
    counted,
    figures,
    labelled,
    patients_by_class,
    prediction_times,
    subsets,
)
from riskmodel.features import Catalogue
from riskmodel.models import RiskModel, model_catalogue, predict_frame
from riskmodel.training.design import Gate
from riskmodel.training.gate import (
    SUBGROUPS,
    Check,
    Verdict,
    check_contract,
    check_signal,
    judge_compared,
    judge_stored,
)
from riskmodel.training.known_patients import in_order, share_known
from riskmodel.training.record import fingerprint


@dataclass(frozen=True)
class Promotion:
    """What became of a request.

    Attributes
    ----------
    name, version : str
    champion : str or None
        Version that was champion before.
    verdict : Verdict or None
        None where there was nothing to compare with.
    moved : bool
    forced : bool
        Whether the alias was moved although the gate does not hold.
    """

    name: str
    version: str
    champion: str | None
    verdict: Verdict | None
    moved: bool
    forced: bool = False

    def text(self) -> str:
        """The verdict, and where the alias points."""
        lines = []
        if self.verdict is not None:
            lines = [f"Judged on {self.verdict.judged_on}.", self.verdict.text()]
        here = f"models:/{self.name}@champion"
        if self.forced:
            lines.append(f"Forced: {here} is version {self.version}; the gate does not hold.")
        elif self.moved:
            lines.append(f"Promoted: {here} is version {self.version}.")
        elif self.champion == self.version:
            lines.append(f"Nothing to do: {here} is version {self.version} already.")
        else:
            stays = (
                "points at nothing" if self.champion is None else f"stays version {self.champion}"
            )
            lines.append(f"Refused: {here} {stays}.")
        return "\n".join(lines)


def gate_of(model: RiskModel) -> Gate:
    """The gate of the design that a model was trained by."""
    stored = model.card.design.gate
    return Gate(**{key: value for key, value in stored.items() if key in Gate.model_fields})


def held_out_rows(cohort: Cohort, challenger: RiskModel, champion: RiskModel) -> Examples:
    """Rows at risk at the challenger's prediction times, with the features of both models.

    Raises
    ------
    SchemaError
        When the cohort cannot be labelled, or is one that either model was trained on.
    """
    signs, source = challenger.signs, challenger.labels
    own, other = model_catalogue(challenger), model_catalogue(champion)
    more = tuple(f for f in other if f.name not in own.names)
    labels = labelled(
        cohort, source, signs[0], challenger.cytopenia_rule, challenger.horizon_days,
        challenger.least_grade,
    )  # fmt: skip
    stage = challenger.stage
    times = prediction_times(stage, challenger.card.design.landmark_days)
    rows = at_risk_rows(cohort, Catalogue((*own, *more), own.text), labels, times, signs)
    rows = counted(rows, cohort, f"for the {stage} stage", source, "judge on")
    for model in (challenger, champion):
        known = rows.take(rows.known)
        X, card = known.X[model.features], model.card
        if fingerprint(replace(known, X=X)) == model.fingerprint:
            raise SchemaError(
                f"Cohort '{cohort.name}' is the one that version {model.version} was trained on. "
                "Give patients that neither model has seen."
            )
        seen = share_known(X, known.patient, known.hours, (card.places, card.known))
        if seen:
            raise SchemaError(
                f"About {seen:.0%} of the patients of cohort '{cohort.name}' are some that version "
                f"{model.version} was trained on. Give patients that neither model has seen."
            )
    return rows


def compare_on(
    cohort: Cohort, challenger: RiskModel, champion: RiskModel, gate: Gate, contract: Check
) -> Verdict:
    """Judge two models on the same patients, with intervals over patients."""
    cohort = in_order(cohort)
    rows = held_out_rows(cohort, challenger, champion)
    parts = subsets(cohort, rows)
    known = rows.known
    risks = {
        which: predict_frame(model, rows.X[model.features])["risk"].to_numpy(np.float64)
        for which, model in (("champion", champion), ("challenger", challenger))
    }
    table = compare(
        rows.y[known], {k: v[known] for k, v in risks.items()}, rows.weight[known],
        rows.patient[known], thresholds=gate.thresholds,
    )  # fmt: skip
    drops = {}
    for part in parts:
        kept = part.rows & known
        if part.kind not in SUBGROUPS:
            continue
        if min(patients_by_class(rows.y[kept], rows.patient[kept])) < FEWEST:
            continue
        found = [
            figures(rows.y[kept], risk[kept], rows.weight[kept], rows.patient[kept], draws=0)
            for risk in risks.values()
        ]
        drops[part.name] = (found[0]["auroc"].value, found[1]["auroc"].value)
    events = int(rows.counts["events"])
    people = int(rows.counts["patients"])
    return judge_compared(
        contract,
        check_signal(challenger),
        table,
        drops,
        events,
        gate,
        f"{people} patients of a cohort given for it",
    )


def judge(challenger: RiskModel, champion: RiskModel, cohort: Cohort | None) -> Verdict:
    """The verdict on a challenger, by the gate of its own design.

    Raises
    ------
    SchemaError
        Without a cohort, when the two were not trained on the same patients.
    """
    gate = gate_of(challenger)
    contract = check_contract(challenger, champion)
    if challenger.stage != champion.stage:
        return Verdict((contract,), "nothing: the two models answer different questions")
    if cohort is not None:
        return compare_on(cohort, challenger, champion, gate, contract)
    held_out = challenger.card.held_out and champion.card.held_out
    if challenger.fingerprint != champion.fingerprint or not held_out:
        raise SchemaError(
            f"Versions {challenger.version} and {champion.version} were trained on different "
            "patients or features, so their own figures cannot be compared. Give patients that "
            "neither has seen with --cohort."
        )
    return judge_stored(challenger, champion, gate)


def promote(
    name: str,
    version: str,
    *,
    cohort: Cohort | None = None,
    force: bool = False,
    why: str | None = None,
) -> Promotion:
    """Make a registered version the champion, if the gate of its design holds.

    The verdict with every figure is written to the version's tags and description, whatever it is.

    Parameters
    ----------
    name, version : str
        Registered in MLflow.
    cohort : Cohort, optional
        Patients that neither model has seen. Without it the held-out figures of the two training
        runs are compared, which needs the same training patients.
    force : bool
        Move the alias even where the gate does not hold; needs `why`.
    why : str, optional
        Written to the version's tags.

    Raises
    ------
    SchemaError
        When a version does not exist, the two cannot be compared, or force is without a reason.
    """
    if force and not (why or "").strip():
        raise SchemaError("A forced promotion needs a reason. Give it with --why.")
    before = tracking.champion_version(name)
    challenger = tracking.load_registered(f"models:/{name}/{version}")
    if before == version:
        return Promotion(name, version, before, None, moved=False)
    verdict = None
    if before is not None:
        verdict = judge(challenger, tracking.load_registered(f"models:/{name}@champion"), cohort)
    elif challenger.card.no_signal:
        verdict = Verdict((check_signal(challenger),), "nothing: there is no champion yet")
    passes = verdict is None or verdict.holds
    moved = passes or force
    done = Promotion(name, version, before, verdict, moved, forced=moved and not passes)
    tracking.write_verdict(name, version, _tags(done, why), _description(done, why))
    if moved:
        tracking.set_champion(name, version)
    return done


def rollback(name: str, why: str | None = None) -> Promotion:
    """Give the alias back to the version that was champion before the present one.

    Raises
    ------
    SchemaError
        When nothing is written of an earlier champion.
    """
    present = tracking.champion_version(name)
    earlier = None
    if present is not None:
        earlier = tracking.version_tags(name, present).get("gate.champion_before")
    if present is None or not earlier:
        raise SchemaError(
            f"Registered model '{name}' has no earlier champion to go back to. Name a version: "
            f"riskmodel promote {name} VERSION."
        )
    tracking.set_champion(name, earlier)
    tags = {"gate.rolled_back": _now(), "gate.rolled_back_to": earlier}
    if why:
        tags["gate.rolled_back_why"] = why
    tracking.write_verdict(name, present, tags, None)
    return Promotion(name, earlier, present, None, moved=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _tags(done: Promotion, why: str | None) -> dict[str, str]:
    verdict = "forced" if done.forced else "passed" if done.moved else "refused"
    tags = {"gate.verdict": verdict, "gate.at": _now()}
    if done.champion is not None and done.moved:
        tags["gate.champion_before"] = done.champion
    if done.champion is not None:
        tags["gate.compared_with"] = done.champion
    if why:
        tags["gate.why"] = why
    if done.verdict is not None:
        tags["gate.checks"] = json.dumps(
            {check.name: check.holds for check in done.verdict.checks}, sort_keys=True
        )
    return tags


def _description(done: Promotion, why: str | None) -> str:
    if done.verdict is None:
        return f"First champion of {done.name}: there was nothing to compare with."
    rows = "\n".join(
        f"| {c.name} | {'holds' if c.holds else '**fails**'} | {c.sentence} |"
        for c in done.verdict.checks
    )
    against = "no champion" if done.champion is None else f"version {done.champion}"
    outcome = "Forced" if done.forced else "Promoted" if done.moved else "Refused"
    reason = f"\n\nReason given: {why}" if why else ""
    return (
        f"{outcome} against {against}, judged on {done.verdict.judged_on}.\n\n"
        f"| condition | verdict | figures |\n|---|---|---|\n{rows}{reason}"
    )
