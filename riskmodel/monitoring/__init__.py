"""A model in use: drift of inputs, scores and outcomes over time."""
