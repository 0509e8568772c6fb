"""MEDS 0.4: event streams into a cohort."""
