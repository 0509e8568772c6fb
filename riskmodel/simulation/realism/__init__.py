"""Simulated cohorts beside print: what is counted of both, and the page that shows it."""
