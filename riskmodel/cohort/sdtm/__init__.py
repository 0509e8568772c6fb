"""CDISC SDTM: the tabulations of a trial (XPT, Dataset-JSON, CSV) into a cohort."""
