"""Answers to what was refused: a page for a person, else problem+json, never a value sent."""

import json
from http import HTTPStatus

from riskmodel.web.errors import problem
from riskmodel.web.problems import MEDIA_TYPE, ProblemError


def test_a_program_gets_problem_json():
    refused = ProblemError(
        422, "Say when.", errors=[{"field": "at", "detail": "It is missing."}], headers={"x-a": "b"}
    )
    answer = problem(refused, "application/json")
    assert answer.media_type == MEDIA_TYPE
    assert answer.headers["x-a"] == "b"
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": HTTPStatus(422).phrase,
        "status": 422,
        "detail": "Say when.",
        "errors": [{"field": "at", "detail": "It is missing."}],
    }


def test_a_person_gets_a_page_with_the_sentence_escaped():
    answer = problem(ProblemError(404, "No <such> page."), "text/html,*/*")
    assert answer.status_code == 404
    text = answer.body.decode()
    assert "There is no such page" in text
    assert "No &lt;such&gt; page." in text
