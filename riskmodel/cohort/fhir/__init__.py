"""FHIR R4: bundles and bulk exports into a cohort."""
