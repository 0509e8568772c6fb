"""The columns, choices and events of the cohort contract."""

from collections.abc import Mapping, Sequence

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
        "specimen",
        "status",
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
