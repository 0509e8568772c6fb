"""The events table: toxicity by grade, organs, treatment, findings and ends."""

import numpy as np
import pandas as pd

from riskmodel.training.simulation.course import Course
from riskmodel.training.simulation.latent import Patients
from riskmodel.training.simulation.settings import Bool, Float, Int, Settings, Text


class _Log:
    """Events gathered column by column."""

    def __init__(self) -> None:
        self.parts: list[pd.DataFrame] = []

    def add(
        self,
        event: str,
        day: Float,
        patient: Int,
        *,
        where: Bool | None = None,
        grade: Float | None = None,
        value: str = "",
    ) -> None:
        """Add an event for the patients for whom it has a finite day and `where` holds."""
        keep = np.isfinite(day) if where is None else np.isfinite(day) & where
        frame = {"patient": patient[keep], "day": day[keep], "event": event, "value": value}
        grades = np.full(int(keep.sum()), np.nan) if grade is None else grade[keep]
        self.parts.append(pd.DataFrame({**frame, "grade": grades}))


def _toxicity(log: _Log, settings: Settings, patients: Patients, course: Course,
              rng: np.random.Generator) -> None:  # fmt: skip
    n = len(patients)
    everyone = np.arange(n)
    log.add("lymphodepletion_start", np.full(n, -5.0) + rng.choice([0.0, 0.0, -1.0], n), everyone)
    for name, steps in (("crs", course.crs_steps), ("icans", course.icans_steps)):
        for k in range(4):
            log.add(name, steps[:, k], everyone, grade=np.full(n, k + 1.0))
    crs = course.crs_grade > 0
    log.add("fever", course.response + rng.uniform(-0.05, 0.1, n), everyone, where=crs)
    fever = patients.onset_days - rng.uniform(-0.3, 2.0, n)
    rebound = patients.case & (rng.random(n) < settings.constants["organs"]["fever"])
    log.add("fever", np.maximum(fever, course.response + 0.5), everyone, where=rebound)
    log.add("infection", course.infection, everyone)
    log.add("fever", course.infection, everyone, where=rng.random(n) < 0.6)
    sick = (course.crs_grade >= 3) & ~patients.case
    third = course.crs_steps[:, 2]
    log.add("hypoxia", third, everyone, where=sick & (rng.random(n) < 0.6))
    log.add("icu_admission", third + 0.1, everyone, where=sick & (rng.random(n) < 0.5))
    log.add("organ_dysfunction", third + 0.2, everyone, where=sick & (rng.random(n) < 0.25))
    fourth = course.crs_steps[:, 3]
    log.add("ventilation", fourth + 0.1, everyone, where=sick & (rng.random(n) < 0.5))


def _treatment(log: _Log, settings: Settings, patients: Patients, course: Course,
               rng: np.random.Generator) -> None:  # fmt: skip
    n = len(patients)
    everyone = np.arange(n)
    log.add("tocilizumab", course.tocilizumab, everyone, value="8 mg/kg")
    again = (course.crs_grade >= 3) & (rng.random(n) < 0.6)
    second = course.tocilizumab + rng.uniform(0.33, 1.0, n)
    log.add("tocilizumab", second, everyone, where=again, value="8 mg/kg")
    log.add("corticosteroid", course.steroid, everyone, value="dexamethasone 10 mg")
    gcsf = np.maximum(5.0, course.recovery - rng.uniform(3, 7, n))
    given = rng.random(n) < settings.constants["treatment"]["gcsf"]
    log.add("gcsf", gcsf, everyone, where=given)
    depth = course.pattern == 2
    platelets, red = rng.uniform(5, 20, n), rng.uniform(3, 20, n)
    log.add("transfusion_platelets", platelets, everyone, where=rng.random(n) < 0.25 + 0.4 * depth)
    log.add("transfusion_red_cells", red, everyone, where=rng.random(n) < 0.35 + 0.3 * depth)


def _iec_hs(log: _Log, settings: Settings, patients: Patients, course: Course,
            rng: np.random.Generator) -> None:  # fmt: skip
    organs, given = settings.constants["organs"], settings.constants["treatment"]
    who = np.flatnonzero(patients.case)
    n, onset = len(who), patients.onset_days[who]

    def share(rate: float) -> Bool:
        return np.asarray(rng.random(n) < rate)

    def later(low: float, high: float) -> Float:
        return np.asarray(onset + rng.uniform(low, high, n))

    lung, renal, icu = share(organs["lung"]), share(organs["renal"]), share(organs["icu"])
    ventilation = share(organs["ventilation"] / organs["icu"]) & icu
    dialysis = share(organs["dialysis"] / organs["icu"]) & icu
    severity = 1.0 + (lung | renal) + icu + (ventilation | dialysis)
    log.add("iec_hs", later(0.0, 1.0), who, grade=np.minimum(severity, 4.0))
    log.add("hypoxia", later(0.0, 3.0), who, where=lung)
    log.add("organ_dysfunction", later(0.1, 3.0), who, where=lung | renal)
    log.add("icu_admission", later(0.2, 3.0), who, where=icu)
    log.add("ventilation", later(1.0, 4.0), who, where=ventilation)
    log.add("dialysis", later(1.0, 5.0), who, where=dialysis)
    log.add("organ_failure", later(1.0, 4.0), who, where=(ventilation | dialysis) & share(0.7))
    log.add("bleeding", later(0.3, 8.0), who, where=share(organs["bleeding"]))
    log.add("splenomegaly", later(-1.0, 3.0), who, where=share(organs["splenomegaly"]))
    examined, positive = share(organs["marrow_examined"]), share(organs["marrow_positive"])
    marrow = later(0.5, 4.0)
    log.add("hemophagocytosis", marrow, who, where=examined & positive, value="yes")
    log.add("hemophagocytosis", marrow, who, where=examined & ~positive, value="no")
    log.add("corticosteroid", later(0.1, 1.2), who, where=share(given["steroid_case"]),
            value="dexamethasone 10 mg q12h")  # fmt: skip
    log.add("anakinra", later(0.1, 1.5), who, where=share(given["anakinra_case"]),
            value="100 mg q12h")  # fmt: skip
    log.add("ruxolitinib", later(1.5, 5.0), who, where=share(given["ruxolitinib_case"]))
    log.add("emapalumab", later(2.0, 6.0), who, where=share(given["emapalumab_case"]))
    log.add("etoposide", later(2.0, 6.0), who, where=share(given["etoposide_case"]))
    log.add("transfusion_platelets", later(0.0, 4.0), who, where=share(0.6))
    log.add("transfusion_red_cells", later(0.0, 4.0), who, where=share(0.5))


def record_events(
    settings: Settings, patients: Patients, course: Course, ids: Text, rng: np.random.Generator
) -> pd.DataFrame:
    """Build the events table: nothing after the end of observation, sorted by patient and time."""
    log = _Log()
    _toxicity(log, settings, patients, course, rng)
    _treatment(log, settings, patients, course, rng)
    _iec_hs(log, settings, patients, course, rng)
    n = len(patients)
    everyone = np.arange(n)
    log.add("relapse", patients.relapse_days, everyone)
    transplant = rng.random(n) < 0.6
    log.add("transplant", patients.next_days, everyone, where=transplant)
    log.add("new_cell_therapy", patients.next_days, everyone, where=~transplant)
    table = pd.concat(log.parts, ignore_index=True)
    table["day"] = np.round(table["day"] * 240) / 240
    end = patients.end_days[table["patient"]]
    table = table[table["day"] <= end]
    dead = patients.death_days <= patients.end_days
    final = pd.DataFrame(
        {
            "patient": everyone,
            "day": patients.end_days,
            "event": np.where(dead, "death", "last_follow_up"),
            "value": "",
            "grade": np.nan,
        }
    )
    table = pd.concat([table, final], ignore_index=True)
    table = table.sort_values(["patient", "day", "event"], kind="stable", ignore_index=True)
    grade = table["grade"].map({1.0: "1", 2.0: "2", 3.0: "3", 4.0: "4"}).fillna("")
    return pd.DataFrame(
        {
            "patient_id": ids[table["patient"].to_numpy()],
            "event": table["event"],
            "hours_from_infusion": np.round(table["day"].to_numpy() * 24, 1),
            "grade": grade,
            "value": table["value"],
        }
    )
