"""Render a self-contained page from a template of this folder."""

from pathlib import Path
from typing import Any


def render(template: str, **content: Any) -> str:
    """HTML of a template ``<name>.html.j2``; text is escaped, an unknown name in it is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**content)
