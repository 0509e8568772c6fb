"""What was watched of each patient, what was not, and the weights that make up for it."""
