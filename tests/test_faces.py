"""The public face of each room: one list for people, type checkers and the import system."""

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType

import pytest

import riskmodel

PACKAGE = Path(riskmodel.__file__).parent
ROOMS = tuple(sorted(path.parent.name for path in PACKAGE.glob("*/__init__.pyi")))


@pytest.mark.parametrize("room", ROOMS)
def test_the_face_of_a_room_holds_what_its_stub_names(room: str) -> None:
    """No module hides a function of the same name, whatever was imported before."""
    face = import_module(f"riskmodel.{room}")
    for module in walk_packages(face.__path__, f"riskmodel.{room}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    assert face.__all__
    for name in face.__all__:
        assert getattr(face, name) is not None
        assert not isinstance(getattr(face, name), ModuleType)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'riskmodel\.models' has no attribute 'nothing'"):
        riskmodel.models.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("old", "name", "now"),
    [
        ("riskmodel.scoring", "report", "riskmodel.patient"),
        ("riskmodel.training", "simulate", "riskmodel.simulation"),
        ("riskmodel.training", "worlds", "riskmodel.simulation"),
        ("riskmodel.training", "evaluate", "riskmodel.evaluation"),
        ("riskmodel.training", "Evaluation", "riskmodel.evaluation"),
        ("riskmodel.training", "outcome_table", "riskmodel.evaluation"),
        ("riskmodel.evaluation.estimates", "compare", "riskmodel.evaluation"),
        ("riskmodel.scoring.spark", "score_spark", "riskmodel.scoring"),
        ("riskmodel.scoring.score", "model_catalogue", "riskmodel.models"),
    ],
)
def test_what_moved_answers_under_its_old_name(old, name, now):
    assert getattr(import_module(old), name) is getattr(import_module(now), name)
