"""Builders of features, one module for each kind."""
