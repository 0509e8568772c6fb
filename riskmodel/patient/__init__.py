"""All about one patient: the assessment, in words and pictures."""
