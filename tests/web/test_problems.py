"""A problem carries what to say, and nothing where nothing is to be said."""

from riskmodel.web.problems import ProblemError


def test_a_problem_is_its_sentence():
    found = ProblemError(401, "A token is needed.")
    assert str(found) == found.detail == "A token is needed."
    assert (found.status, found.errors, found.headers) == (401, [], {})
