"""Evaluation: how well risks fit what happened, in training and on any other cohort."""
