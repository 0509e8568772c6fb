"""The events table: toxicity by grade, organs, treatment, findings and ends."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, Floats, Texts
from riskmodel.simulation.course import Course
from riskmodel.simulation.latent import Patients
from riskmodel.simulation.settings import Settings, uniform
from riskmodel.simulation.transfusion import Transfusions


class _Log:
    """Events gathered column by column."""

    def __init__(self) -> None:
        self.parts: list[pd.DataFrame] = []

    def add(
        self,
        event: str,
        day: Floats,
        patient: Codes,
        *,
        where: Flags | None = None,
        grade: Floats | None = None,
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
    chart = settings.constants["charting"]
    start = rng.choice(chart["lymphodepletion_days"], n)
    log.add("lymphodepletion_start", start, everyone)
    for name, steps in (("crs", course.crs_steps), ("icans", course.icans_steps)):
        for k in range(4):
            log.add(name, steps[:, k], everyone, grade=np.full(n, k + 1.0))
    organs, severe = settings.constants["organs"], settings.constants["severe_crs"]
    crs = course.crs_grade > 0
    log.add(
        "fever",
        course.response + uniform(rng, chart["fever_with_crs_days"], n),
        everyone,
        where=crs,
    )
    fever = patients.onset_days - uniform(rng, organs["fever_lead_days"], n)
    rebound = patients.case & (rng.random(n) < organs["fever"])
    log.add(
        "fever",
        np.maximum(fever, course.response + organs["fever_after_crs_days"]),
        everyone,
        where=rebound,
    )
    log.add("infection", course.infection, everyone)
    infected = rng.random(n) < severe["fever_with_infection"]
    log.add("fever", course.infection, everyone, where=infected)
    sick = (course.crs_grade >= 3) & ~patients.case
    for event, grade, name in (
        ("hypoxia", 3, "hypoxia"),
        ("icu_admission", 3, "icu"),
        ("organ_dysfunction", 3, "organ_dysfunction"),
        ("ventilation", 4, "ventilation"),
    ):
        has = sick & (rng.random(n) < severe[name])
        day = course.crs_steps[:, grade - 1] + severe[f"{name}_wait"]
        log.add(event, day, everyone, where=has)


def _treatment(log: _Log, settings: Settings, patients: Patients, course: Course,
               rng: np.random.Generator) -> None:  # fmt: skip
    n = len(patients)
    everyone = np.arange(n)
    log.add("tocilizumab", course.tocilizumab, everyone, value="8 mg/kg")
    c = settings.constants["treatment"]
    again = (course.crs_grade >= 3) & (rng.random(n) < c["tocilizumab_again"])
    second = course.tocilizumab + uniform(rng, c["tocilizumab_again_wait"], n)
    log.add("tocilizumab", second, everyone, where=again, value="8 mg/kg")
    log.add("corticosteroid", course.steroid, everyone, value="dexamethasone 10 mg")
    gcsf = course.recovery - uniform(rng, c["gcsf_before_recovery"], n)
    given = rng.random(n) < c["gcsf"]
    log.add("gcsf", np.maximum(gcsf, c["gcsf_least_day"]), everyone, where=given)


def _iec_hs(log: _Log, settings: Settings, patients: Patients, course: Course,
            rng: np.random.Generator) -> None:  # fmt: skip
    organs, given = settings.constants["organs"], settings.constants["treatment"]
    who = np.flatnonzero(patients.case)
    n, onset = len(who), patients.onset_days[who]

    def share(rate: float) -> Flags:
        return np.asarray(rng.random(n) < rate)

    def later(name: str) -> Floats:
        return np.asarray(onset + uniform(rng, organs[f"{name}_days"], n))

    lung, renal, icu = share(organs["lung"]), share(organs["renal"]), share(organs["icu"])
    ventilation = share(organs["ventilation"] / organs["icu"]) & icu
    dialysis = share(organs["dialysis"] / organs["icu"]) & icu
    failure = (ventilation | dialysis) & share(organs["failure_of_supported"])
    severity = 1.0 + (lung | renal) + icu + (ventilation | dialysis)
    grade = np.minimum(course.crs_grade, 4).astype(float)
    grade[who] = np.minimum(severity, 4.0)
    called = np.flatnonzero(np.isfinite(course.called))
    day = course.called[called]
    log.add("iec_hs", day, called, grade=grade[called])
    log.add("hypoxia", later("hypoxia"), who, where=lung)
    log.add("organ_dysfunction", later("dysfunction"), who, where=lung | renal)
    log.add("icu_admission", later("icu"), who, where=icu)
    log.add("ventilation", later("ventilation"), who, where=ventilation)
    log.add("dialysis", later("dialysis"), who, where=dialysis)
    log.add("organ_failure", later("failure"), who, where=failure)
    log.add("bleeding", later("bleeding"), who, where=share(organs["bleeding"]))
    log.add("splenomegaly", later("splenomegaly"), who, where=share(organs["splenomegaly"]))
    examined, positive = share(organs["marrow_examined"]), share(organs["marrow_positive"])
    marrow = later("marrow")
    log.add("hemophagocytosis", marrow, who, where=examined & positive, value="yes")
    log.add("hemophagocytosis", marrow, who, where=examined & ~positive, value="no")
    steroid = course.steroid_case[called]
    log.add("corticosteroid", steroid, called, value="dexamethasone 10 mg q12h")
    for drug, dose in (("anakinra", "100 mg q12h"), ("ruxolitinib", ""), ("emapalumab", ""),
                       ("etoposide", "")):  # fmt: skip
        wait = uniform(rng, given[f"{drug}_case_wait"], len(called))
        treated = rng.random(len(called)) < given[f"{drug}_case"]
        log.add(drug, day + wait, called, where=treated, value=dose)


def record_events(
    settings: Settings,
    patients: Patients,
    course: Course,
    transfusions: Sequence[Transfusions],
    ids: Texts,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Build the events table: nothing after the end of observation, sorted by patient and time."""
    log = _Log()
    _toxicity(log, settings, patients, course, rng)
    _treatment(log, settings, patients, course, rng)
    _iec_hs(log, settings, patients, course, rng)
    for given in transfusions:
        log.add(given.event, given.day, given.patient)
    n = len(patients)
    everyone = np.arange(n)
    log.add("relapse", patients.relapse_days, everyone)
    transplant = rng.random(n) < settings.constants["follow_up"]["transplants"]
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
