"""The patients table: what a centre records before the infusion, with its gaps and spellings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from riskmodel.arrays import Codes, Flags, Floats, Texts
from riskmodel.simulation.latent import Patients
from riskmodel.simulation.settings import Settings


@dataclass
class Shown:
    """What the baseline shows of the latent factors, for `posterior.p_baseline`.

    Attributes
    ----------
    measures : list of (rows, loading, residual, variance)
        Measurements that are linear in the factors with Gaussian noise.
    cuts : list of (rows, loading, low, high, noise)
        Scores known only to lie between two cuts.
    tet2 : float array of shape (n,)
        0, 1, or NaN where not recorded.
    """

    tet2: Floats
    measures: list[tuple[Codes, Floats, Floats, Floats]] = field(default_factory=list)
    cuts: list[tuple[Codes, Floats, Floats, Floats, float]] = field(default_factory=list)


def _text(values: Floats, decimals: int) -> Texts:
    text = np.array([f"{v:.{decimals}f}" for v in values], dtype=object)
    return np.where(np.isnan(values), "", text)


def _on_scale(table: Mapping[str, Any], score: Floats) -> Floats:
    return np.asarray(100 * expit(score) if table["scale"] == "logit" else np.exp(score))


class _Columns:
    """Columns of the patients table, filled one by one."""

    def __init__(self, settings: Settings, patients: Patients, rng: np.random.Generator) -> None:
        self.settings, self.patients, self.rng = settings, patients, rng
        self.columns: dict[str, Texts] = {}
        self.group = settings.words("group")[patients.population]

    def known(self, column: str) -> Flags:
        """Which patients have this column recorded; independent of the risk."""
        missing = self.settings.constants["missing"].get(column, 0.0)
        most = self.settings.constants["missing"]["most"]
        share = min(missing * self.settings.world.missing, most)
        return np.asarray(self.rng.random(len(self.patients)) >= share)

    def put(self, column: str, text: Texts | Sequence[str], known: Flags | None = None) -> Flags:
        """Store a column, empty where it is not known."""
        known = self.known(column) if known is None else known
        self.columns[column] = np.where(known, np.asarray(text, dtype=object), "")
        return known

    def number(self, column: str, values: Floats, decimals: int) -> None:
        """Store numbers."""
        self.put(column, _text(values, decimals))


def _identity(c: _Columns) -> None:
    settings, patients, rng = c.settings, c.patients, c.rng
    n, population = len(patients), patients.population
    ages = np.array([p["age"] for p in settings.populations], dtype=float)[population]
    age = ages[:, 0] + ages[:, 1] * rng.standard_normal(n)
    age = np.where(age < ages[:, 2], rng.uniform(ages[:, 2], ages[:, 0]), age)
    age = np.where(age > ages[:, 3], rng.uniform(ages[:, 0], ages[:, 3]), age)
    people = settings.constants["people"]
    women = settings.by_group(people["women"])[population]
    adult = np.clip(age / people["adult_years"], 0, 1) ** people["growth_power"]
    weight = people["newborn_kg"] + people["grown_kg"] * adult
    weight = weight * np.exp(people["weight_sd"] * rng.standard_normal(n))
    c.number("age_years", np.floor(age), 0)
    c.put("sex", np.where(rng.random(n) < women, "F", "M"))
    c.columns["center_id"] = np.array([f"C{k + 1:02d}" for k in patients.center], dtype=object)
    c.number("weight_kg", weight, 1)
    c.columns["disease"] = settings.words("disease")[population]
    names = [settings.populations[k]["names"] for k in population]
    pick = np.floor(rng.random(n) * [len(options) for options in names]).astype(int)
    c.columns["product"] = np.array([o[k] for o, k in zip(names, pick, strict=True)], dtype=object)
    trial = np.array(["(" in p["product"] for p in settings.populations])[population]
    target, domain = settings.words("target")[population], settings.words("domain")[population]
    c.put("target_antigen", target, c.known("target_antigen") | trial)
    spellings = settings.charting["domain"]
    spelled = [spellings[d][k % len(spellings[d])] for d, k in
               zip(domain, rng.integers(0, 5, n), strict=True)]  # fmt: skip
    c.put("costimulatory_domain", spelled, c.known("costimulatory_domain") | trial)


def _dose(c: _Columns, shown: Shown) -> None:
    settings, patients = c.settings, c.patients
    factor = list(settings.factors).index("dose")
    median = np.array([p["dose"]["median"] for p in settings.populations])[patients.population]
    per_kg = np.array([p["dose"]["per_kg"] for p in settings.populations])[patients.population]
    dose = median * np.exp(settings.constants["people"]["dose_sd"] * patients.z[:, factor])
    known = c.known("cell_dose")
    text = np.array([f"{v:.4g}" for v in dose], dtype=object)
    c.put("cell_dose_million_per_kg", text, known & per_kg)
    c.put("cell_dose_million", text, known & ~per_kg)
    rows = np.flatnonzero(known)
    loading = settings.loading({"dose": 1.0})
    shown.measures.append((rows, loading, patients.z[rows, factor], np.full(len(rows), 1e-6)))


def _burden(c: _Columns, shown: Shown) -> None:
    settings, patients, rng = c.settings, c.patients, c.rng
    n = len(patients)
    for name, table in settings.measures["cut"].items():
        loading, cuts = settings.loading(table["loadings"]), np.array(table["cuts"])
        score = patients.z @ loading + table["noise"] * rng.standard_normal(n)
        step = (score[:, None] > cuts).sum(axis=1)
        known = c.known(name) & np.isin(c.group, table["groups"])
        c.put(name, np.array(table["labels"], dtype=object)[step], known)
        rows = np.flatnonzero(known)
        edges = np.concatenate([[-np.inf], cuts, [np.inf]])
        low, high = edges[step[rows]], edges[step[rows] + 1]
        shown.cuts.append((rows, loading, low, high, float(table["noise"])))
    for name, table in settings.measures["gaussian"].items():
        level = settings.by_group(table["level"])[patients.population]
        loading, noise = settings.loading(table["loadings"]), float(table["noise"])
        residual = patients.z @ loading + noise * rng.standard_normal(n)
        center = np.log(level / (100 - level)) if table["scale"] == "logit" else np.log(level)
        known = c.known(name) & ~np.isnan(level)
        values = np.where(known, _on_scale(table, center + residual), np.nan)
        c.put(name, _text(values, table["decimals"]), known)
        rows = np.flatnonzero(known)
        shown.measures.append((rows, loading, residual[rows], np.full(len(rows), noise**2)))


def _history(c: _Columns) -> None:
    settings, patients, rng = c.settings, c.patients, c.rng
    n, population = len(patients), patients.population
    lines = 1 + rng.poisson(settings.column("prior_lines")[population] - 1)
    c.put("prior_lines", np.array([str(k) for k in lines], dtype=object))
    for name in ("prior_hct", "prior_car_t", "prior_blinatumomab", "prior_inotuzumab"):
        had = rng.random(n) < settings.column("history", name)[population]
        c.put(name, np.where(had, "1", "0"))


def record_baseline(
    settings: Settings, patients: Patients, ids: Texts, rng: np.random.Generator
) -> tuple[pd.DataFrame, Shown]:
    """Build the patients table, and what it shows of the latent factors.

    Whether a cell is filled depends on nothing but chance, so that an empty cell shows nothing.

    Returns
    -------
    DataFrame
        Text, empty where not recorded, in the columns of the cohort contract.
    Shown
    """
    c = _Columns(settings, patients, rng)
    tested = c.known("tet2_mutation")
    shown = Shown(tet2=np.where(tested, patients.tet2, np.nan))
    _identity(c)
    _dose(c, shown)
    _burden(c, shown)
    c.put("tet2_mutation", np.where(patients.tet2 == 1, "1", "0"), tested)
    clone = settings.constants["people"]["tet2_vaf"]
    fraction = 100 * rng.beta(clone["a"], clone["b"], len(patients)) + clone["least"]
    fraction = np.minimum(fraction, clone["most"])
    c.put("tet2_vaf_percent", _text(fraction, 1), tested & (patients.tet2 == 1))
    recorded = np.array(["t_cell_selected" in p for p in settings.populations])
    selected = np.where(patients.selected == 1, "1", "0")
    c.put("t_cell_selected_product", selected, recorded[patients.population])
    _history(c)
    return pd.DataFrame({"patient_id": ids, **c.columns}), shown
