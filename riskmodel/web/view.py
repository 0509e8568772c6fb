"""Render the server's pages: one shell, and the templates that the report shares."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel import RESEARCH_USE
from riskmodel.patient import environment

if TYPE_CHECKING:
    from jinja2 import Environment

    from riskmodel.web.engine import Engine

_TITLES = {
    "before": "Before infusion",
    "after": "After infusion",
    "patients": "Patients",
    "model": "Model",
    "docs": "Interface for programs",
    "error": "Not possible",
}


@cache
def _environment() -> "Environment":
    return environment(Path(__file__).parent / "templates")


def view(template: str, engine: "Engine | None", *, page: str, **content: Any) -> str:
    """A page in the shell; its title never names a patient.

    Parameters
    ----------
    template : str
    engine : Engine or None
    page : str
        Which of the pages.
    **content
        What the template shows.
    """
    shown = {
        "research_use": RESEARCH_USE,
        "title": _TITLES[page],
        "page": page,
        "titles": _TITLES,
        "simulated": bool(engine and any(m.card.simulated for m in engine.models)),
        **content,
    }
    return _environment().get_template(template).render(**shown)
