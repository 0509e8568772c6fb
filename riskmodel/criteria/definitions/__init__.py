"""The published label definitions, each a file of limits."""
