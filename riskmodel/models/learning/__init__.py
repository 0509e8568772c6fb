"""How the estimator learns: members, their weights, calibration, and the interval."""
