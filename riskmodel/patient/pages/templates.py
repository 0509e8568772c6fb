"""Render pages from the templates of this folder."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.models import odds
from riskmodel.patient.wording import odds_words

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent


@cache
def environment(*folders: Path) -> "Environment":
    """Templates of some folders: text is escaped, an unknown name in a template is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["in_words"] = odds_words
    made.filters["as_odds"] = lambda contribution: f"×{odds(contribution)}"
    return made


def render(template: str, **content: Any) -> str:
    """HTML of a template ``<name>.html.j2`` of this folder."""
    return environment().get_template(template).render(**content)


def style_sheet() -> str:
    """The style sheet that every page about a patient shares, for use inside a page."""
    from markupsafe import Markup

    return Markup((TEMPLATES / "page.css").read_text(encoding="utf-8"))
