"""One run without tracking, for all tests of the training."""

import pytest


@pytest.fixture(scope="session")
def trained(simulated, tiny_design):
    """One run, not to be changed."""
    from riskmodel.cohort import read_cohort
    from riskmodel.training import train

    cohort = read_cohort(simulated)
    return train(cohort, "pre_infusion", design=tiny_design, simulated=True, track=False)


@pytest.fixture(scope="session")
def plan(tiny_design):
    """The design of that run."""
    from riskmodel.training.design import resolved

    return resolved(tiny_design, "pre_infusion")


@pytest.fixture(scope="session")
def gathered_rows(simulated, plan):
    """What that run was fitted to and compared with."""
    from riskmodel.cohort import read_cohort
    from riskmodel.training.rows import gathered

    return gathered(read_cohort(simulated), "pre_infusion", plan, None, None)
