"""Cohort folders of any size: in bounded memory, resumable, whole or not at all."""
