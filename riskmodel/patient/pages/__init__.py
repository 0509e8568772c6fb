"""Pages about one patient, self-contained HTML."""
