"""OMOP CDM 5.4: files, DuckDB or a database into a cohort."""
