"""The cohort in memory: the form in which every reader ends and that everything after trusts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

LESS, LESS_EQUAL, EXACT, GREATER_EQUAL, GREATER = -2, -1, 0, 1, 2
COMPARATORS: Mapping[str, int] = {
    "<": LESS,
    "<=": LESS_EQUAL,
    "": EXACT,
    ">=": GREATER_EQUAL,
    ">": GREATER,
}

PATIENT_NUMBERS: Mapping[str, tuple[float, float]] = {
    "age_years": (0, 120),
    "weight_kg": (0.5, 500),
    "cell_dose_million_per_kg": (0, 1e4),
    "cell_dose_million": (0, 1e6),
    "marrow_blasts_percent": (0, 100),
    "metabolic_tumor_volume_ml": (0, 1e5),
    "sum_product_diameters_cm2": (0, 1e4),
    "m_protein_g_per_l": (0, 300),
    "tet2_vaf_percent": (0, 100),
    "nk_cells_per_ul": (0, 1e5),
    "marrow_t_nk_ratio": (0, 1e5),
    "prior_lines": (0, 30),
    "ecog": (0, 4),
}
PATIENT_FLAGS: Sequence[str] = (
    "extramedullary_disease",
    "tet2_mutation",
    "t_cell_selected_product",
    "prior_hct",
    "prior_car_t",
    "prior_blinatumomab",
    "prior_inotuzumab",
    "bridging_therapy",
)
PATIENT_CHOICES: Mapping[str, Sequence[str]] = {
    "sex": ("F", "M", "other"),
    "disease": ("B-ALL", "LBCL", "FL", "MCL", "CLL", "MM", "SLE", "SSc", "IIM", "other"),
    "target_antigen": ("CD19", "CD22", "BCMA", "CD19/CD22", "GPRC5D", "other"),
    "costimulatory_domain": ("CD28", "4-1BB", "other"),
    "tumor_burden": ("low", "intermediate", "high"),
}
PATIENT_TEXT: Sequence[str] = ("center_id", "product")
AUTOIMMUNE: Sequence[str] = ("SLE", "SSc", "IIM")

COLUMNS: Mapping[str, Sequence[str]] = {
    "patients": (
        "patient_id",
        "infusion_time",
        *PATIENT_TEXT,
        *PATIENT_CHOICES,
        *PATIENT_NUMBERS,
        *PATIENT_FLAGS,
    ),
    "labs": (
        "patient_id",
        "hours_from_infusion",
        "time",
        "analyte",
        "loinc_code",
        "label",
        "value",
        "comparator",
        "unit",
        "reference_low",
        "reference_high",
    ),
    "events": ("patient_id", "event", "hours_from_infusion", "time", "grade", "value"),
}
"""Columns of the contract, by table; others are told and not used."""

LAB_COLUMNS: Sequence[str] = (
    "patient",
    "hours",
    "analyte",
    "value",
    "comparator",
    "reference_low",
    "reference_high",
)
EVENT_COLUMNS: Sequence[str] = ("patient", "hours", "event", "grade", "value")
INFUSION_RECORDS: Sequence[str] = ("patient_id", "infusion_time", "product", "source", "decision")
REJECTED_COLUMNS: Sequence[str] = ("table", "row", "patient_id", "column", "reason", "detail")

EVENTS: Mapping[str, Sequence[str]] = {
    "toxicity": ("crs", "icans", "fever", "iec_hs"),
    "organ": (
        "organ_dysfunction",
        "organ_failure",
        "icu_admission",
        "ventilation",
        "dialysis",
        "hypoxia",
        "splenomegaly",
        "hepatomegaly",
        "bleeding",
    ),
    "findings": (
        "hemophagocytosis",
        "cytopenia_anc",
        "cytopenia_platelets",
        "cytopenia_hemoglobin",
        "infection",
        "progression",
    ),
    "treatment": (
        "lymphodepletion_start",
        "tocilizumab",
        "siltuximab",
        "corticosteroid",
        "anakinra",
        "ruxolitinib",
        "emapalumab",
        "etoposide",
        "transfusion_platelets",
        "transfusion_red_cells",
        "gcsf",
    ),
    "end": ("death", "transplant", "new_cell_therapy", "relapse", "last_follow_up"),
}
EVENT_NAMES: frozenset[str] = frozenset(name for names in EVENTS.values() for name in names)


def _no_rejections() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in REJECTED_COLUMNS})


def _no_infusions() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in INFUSION_RECORDS})


@dataclass(frozen=True)
class Cohort:
    """Patients, their lab results and their clinical events, aligned and in canonical units.

    Attributes
    ----------
    patients : DataFrame
        One row per infusion, index 0..n-1 (the *patient code* of the other tables), all
        columns of the cohort contract present: ``patient_id`` text; ``infusion_time``
        datetime64[us] with NaT, in UTC where a zone was given; numbers float64 with NaN;
        flags pandas ``boolean`` with NA; choices and text ``str`` with NaN. Target antigen and
        costimulatory domain are filled from the product where they were empty.
    labs : DataFrame
        ``patient`` (int64 code), ``hours`` from the infusion (float64), ``analyte``
        (categorical), ``value`` (float64, canonical unit of analytes.toml), ``comparator``
        (int8: -2 ``<``, -1 ``<=``, 0 exact, 1 ``>=``, 2 ``>``), ``reference_low`` and
        ``reference_high`` (float64, canonical unit, NaN where not given). Sorted by patient,
        hours, analyte, value, comparator. Exact duplicates are merged; results that differ at
        the same time both stay.
    events : DataFrame
        ``patient``, ``hours``, ``event`` (categorical), ``grade`` (float64, NaN), ``value``
        (str, empty where not given). A row of grade 0 ends its event: see `happened`. Sorted by
        patient, hours, event, grade, value.
    rejected : DataFrame
        One row per rejected row or cell: ``table, row, patient_id, column, reason, detail``;
        ``row`` counts data rows of the input file from 1.
    notes : mapping
        Counts of what was converted, merged, derived or flagged, by kind and key.
    name : str
        Where the cohort came from, for messages.
    infusions : DataFrame
        Of a source that holds whole records: each record about an infusion, and what became of
        it (`INFUSION_RECORDS`, text). Empty for tables.
    """

    patients: pd.DataFrame
    labs: pd.DataFrame
    events: pd.DataFrame
    rejected: pd.DataFrame = field(default_factory=_no_rejections)
    notes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    name: str = "cohort"
    infusions: pd.DataFrame = field(default_factory=_no_infusions)

    def __len__(self) -> int:
        return len(self.patients)

    @property
    def patient_id(self) -> npt.NDArray[np.object_]:
        """Identifiers in the order of the patient codes."""
        return self.patients["patient_id"].to_numpy(dtype=object)

    @property
    def happened(self) -> pd.DataFrame:
        """The events without the rows of grade 0, which say that one ended or was not there."""
        return self.events[(self.events["grade"] != 0).to_numpy(dtype=bool)]

    def take(self, codes: npt.NDArray[np.int64]) -> "Cohort":
        """The patients with these codes, in this order, as a cohort of their own."""
        position = np.full(len(self), -1, dtype=np.int64)
        position[codes] = np.arange(len(codes))

        def rows_of(frame: pd.DataFrame) -> pd.DataFrame:
            new = position[frame["patient"].to_numpy()]
            kept = frame.loc[new >= 0].assign(patient=new[new >= 0])
            ordered: pd.DataFrame = kept.sort_values("patient", kind="stable", ignore_index=True)
            return ordered

        return replace(
            self,
            patients=self.patients.iloc[codes].reset_index(drop=True),
            labs=rows_of(self.labs),
            events=rows_of(self.events),
        )

    def until(self, hours: float) -> "Cohort":
        """Only the records at or before `hours` from the infusion."""
        return replace(
            self,
            labs=self.labs[self.labs["hours"] <= hours].reset_index(drop=True),
            events=self.events[self.events["hours"] <= hours].reset_index(drop=True),
        )
