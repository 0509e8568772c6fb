"""Simulate a cohort with a known truth and write it in the form of the cohort contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from riskmodel.errors import SchemaError
from riskmodel.files import replacing
from riskmodel.simulation.baseline import record_baseline
from riskmodel.simulation.charting import chart_labs
from riskmodel.simulation.course import draw_course
from riskmodel.simulation.events import record_events
from riskmodel.simulation.labs import draw_results
from riskmodel.simulation.latent import draw_patients
from riskmodel.simulation.posterior import baseline_labs, p_baseline
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.schedule import draw_schedule
from riskmodel.simulation.settings import settings
from riskmodel.simulation.surge import draw_signs


@dataclass(frozen=True)
class SimulatedCohort:
    """The three tables of a cohort, as text a centre would write, and their truth."""

    patients: pd.DataFrame
    labs: pd.DataFrame
    events: pd.DataFrame
    truth: pd.DataFrame


def draw_cohort(
    patients: int,
    seed: int,
    world: str = "literature",
    products: Sequence[str] | None = None,
    sampling: str = "ward",
) -> SimulatedCohort:
    """Draw a cohort in memory; see `simulate` for parameters and errors."""
    if patients < 1:
        raise SchemaError(
            f"A cohort of {patients} patients cannot be simulated. Ask for 1 or more."
        )
    if seed < 0:
        raise SchemaError(f"Seed {seed} is negative. Choose 0 or a positive whole number.")
    chosen = settings(world, products, seed, sampling)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(7)]
    risk = Risk(chosen)
    people = draw_patients(chosen, risk, patients, streams[0])
    course = draw_course(chosen, people, streams[1])
    signs = draw_signs(chosen, people, course, streams[2])
    draws = draw_schedule(chosen, people, course, streams[3])
    results, transfusions = draw_results(chosen, people, course, signs, draws, streams[4])

    digits = max(5, len(str(patients)))
    ids = np.array([f"S{k:0{digits}d}" for k in range(1, patients + 1)], dtype=object)
    table, shown = record_baseline(chosen, people, ids, streams[5])
    events = record_events(chosen, people, course, transfusions, ids, streams[6])
    labs = chart_labs(chosen, people, draws, results, ids)
    before = baseline_labs(chosen, draws, results, patients)
    truth = pd.DataFrame(
        {
            "patient_id": ids,
            "p_true": people.p_true,
            "p_baseline": p_baseline(risk, people, shown, before),
            "event": people.event(chosen.constants["horizon"]["days"]).astype(int),
            "onset_hours": np.round(people.onset_days * 24, 1),
            **{
                f"latent_{name}": np.round(people.z[:, k], 4)
                for k, name in enumerate(chosen.factors)
            },
            "latent_tet2": people.tet2.astype(int),
            "latent_t_cell_selected": people.selected.astype(int),
        }
    )
    return SimulatedCohort(table, labs, events, truth)


def simulate(
    out: Path | str,
    *,
    patients: int,
    seed: int,
    world: str = "literature",
    products: Sequence[str] | None = None,
    file_format: Literal["csv", "parquet"] = "csv",
    sampling: str = "ward",
) -> None:
    """Write a simulated cohort: patients, labs, events, and truth.csv with its known truth.

    The same arguments give the same bytes. An earlier simulated cohort at `out` is replaced
    as a whole.

    Parameters
    ----------
    out : path
        Folder to write.
    patients : int
        Number of patients, at least 1.
    seed : int
        Seed of every draw, 0 or more.
    world : str
        A name of `worlds`.
    products : sequence of str, optional
        Generic, brand or short product names, or a target antigen, to draw from; all if None.
    file_format : {"csv", "parquet"}
        Form of the three tables; truth is always CSV.
    sampling : {"ward", "daily", "outpatient", "severity", "mixed"}
        How blood is drawn. The patients, their onsets and their truth are the same in all.

    Raises
    ------
    SchemaError
        When a parameter is not allowed, or `out` holds something else than a simulated cohort.

    Notes
    -----
    ``p_true`` is the probability of an onset before day 14 given the latent factors, ``p_baseline``
    its expectation given every baseline column and every result at or before the infusion.
    The columns ``latent_...`` are the factors of the risk themselves: standard normal, or 0 and 1.
    ``onset_hours`` is the latent onset, also after day 14 and after the end of observation, empty
    when it never comes; ``event`` is 1 when it comes before day 14 and under observation.
    """
    out = Path(out)
    if file_format not in ("csv", "parquet"):
        raise SchemaError(f"File format '{file_format}' is unknown. Allowed: csv, parquet.")
    if out.exists() and not out.is_dir():
        raise SchemaError(f"Output '{out}' is a file. Choose a folder.")
    if out.is_dir() and any(out.iterdir()) and not (out / "truth.csv").is_file():
        raise SchemaError(
            f"Folder '{out}' is not empty and holds no truth.csv, so it is no simulated cohort. "
            "Choose another folder or empty it."
        )
    cohort = draw_cohort(patients, seed, world, products, sampling)
    with replacing(out) as folder:
        folder.mkdir()
        cohort.truth.to_csv(folder / "truth.csv", index=False, lineterminator="\n")
        for name in ("patients", "labs", "events"):
            table: pd.DataFrame = getattr(cohort, name)
            if file_format == "csv":
                table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
            else:
                table.replace("", None).to_parquet(folder / f"{name}.parquet", index=False)
