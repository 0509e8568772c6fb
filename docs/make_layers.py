"""Draw the rooms of the package, from the layers in pyproject.toml and the imports of the code.

Run after a room is added, or imports another: ``make layers``; it writes docs/layers.svg.
"""

import tomllib
from html import escape
from pathlib import Path

import grimp

from riskmodel.pictures import INK, QUIET

TOP = Path(__file__).resolve().parent.parent
BOX, HEIGHT, STEP, LEFT = 180, 44, 56, 16
BESIDE = LEFT + 2 * BOX + 40
PLAIN = f'font-size="12" fill="{INK}"'


def layers() -> list[list[str]]:
    """Rooms by layer, the highest first, as the import contract has them."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in project["tool"]["importlinter"]["contracts"] if "layers" in c)
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def imports(graph: grimp.ImportGraph, room: str) -> set[str]:
    """The rooms that a room imports directly."""
    own = f"riskmodel.{room}"
    modules = {own} | graph.find_descendants(own)
    known = [name for m in modules for name in graph.find_modules_directly_imported_by(m)]
    return {name.split(".")[1] for name in known if name.count(".")} - {room}


def text(x: float, y: float, words: str, style: str) -> str:
    """One line of text."""
    return f'<text x="{x}" y="{y}" {style}>{escape(words)}</text>'


def box(x: float, y: float, width: float) -> str:
    """One room."""
    shape = f'x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="6"'
    return f'<rect {shape} fill="#fff" stroke="{QUIET}"/>'


def picture() -> str:
    """A row for each layer: its rooms, and which rooms they import."""
    graph = grimp.build_graph("riskmodel", include_external_packages=False)
    rows = layers()
    order = [room for row in rows for room in row]
    first = next(n for n, row in enumerate(rows) if row == ["cohort"]) + 1
    ground = [room for row in rows[first:] for room in row]
    out = []
    for n, row in enumerate(rows[:first]):
        y = 40 + n * STEP
        for k, room in enumerate(row):
            x = LEFT + k * (BOX + 16) if len(row) > 1 else LEFT + (BOX + 16) / 2
            known = sorted(imports(graph, room) - set(ground), key=order.index)
            words = f"{room} imports {', '.join(known) or 'no other room'}"
            out += [
                box(x, y, BOX),
                text(x + 12, y + 27, room, f'font-size="15" font-weight="600" fill="{INK}"'),
                text(BESIDE, y + (26 if len(row) == 1 else 18 + 17 * k), words, PLAIN),
            ]
    y = 40 + first * STEP
    out += [
        box(LEFT, y, 2 * BOX + 16),
        text(LEFT + 12, y + 27, ", ".join(ground), PLAIN),
        text(BESIDE, y + 26, "the ground floor: single modules that any room may import", PLAIN),
    ]
    width, height = BESIDE + 720, y + STEP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, sans-serif" aria-labelledby="title"><title id="title">Rooms of '
        "riskmodel: each imports only rooms below it</title>"
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    )
    rule = text(LEFT, 24, "Each room imports only rooms below it.", PLAIN)
    return "\n".join([head, rule, *out, "</svg>\n"])


if __name__ == "__main__":
    (TOP / "docs" / "layers.svg").write_text(picture(), encoding="utf-8")
