"""The three tables of a cohort folder, read and cleaned."""
