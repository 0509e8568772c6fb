"""Signs: what is measured or found in a patient, judged over time."""
