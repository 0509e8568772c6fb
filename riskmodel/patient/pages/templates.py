"""Render pages from the templates of this folder."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskmodel.models import odds
from riskmodel.patient.wording import odds_words
from riskmodel.pictures import css_palette

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent


@cache
def environment(*folders: Path) -> "Environment":
    """Templates of some folders: text is escaped, an unknown name in a template is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["in_words"] = odds_words
    made.filters["as_odds"] = lambda contribution: f"×{odds(contribution)}"
    made.globals["palette"] = Markup(css_palette())
    return made


def render(template: str, **content: Any) -> str:
    """HTML of a template ``<name>.html.j2`` of this folder."""
    return environment().get_template(template).render(**content)


def style_sheet() -> str:
    """The style sheet that every page about a patient shares, its colours first."""
    from markupsafe import Markup

    return Markup(css_palette() + (TEMPLATES / "page.css").read_text(encoding="utf-8"))
