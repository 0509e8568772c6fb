"""The house: rooms of a size that can be read, each module with its test, the map kept true."""

import ast
import re
import runpy
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "riskmodel"
TESTS = Path(__file__).resolve().parent
MOST_LINES = 400
MOST_FILES = 21
ALONE = {
    "errors.py": "two exceptions without logic",
    "cli/__main__.py": "calls the entry point; test_progress runs it",
    "evaluation/estimates.py": "an old name; test_faces asks for it",
}
"""Modules without a test module of their own, and why."""
LONG: dict[str, str] = {}
"""Files above the limit, and why."""


READ_BACK = {
    "evaluation/pages/report.py": "the note of a table, cut where the page has no room",
    "patient/factors.py": "labels of the catalogue: what is measured, then what of it",
    "patient/references.py": "sources of the catalogue: where, then what",
    "patient/wording.py": "units of the catalogue are a notation",
    "simulation/realism/report.py": "product names as they are charted",
    "web/forms/form_rows.py": "notes of the readers are counted by their text",
    "web/pages/model.py": "headings of a card's Markdown",
}
"""Modules that take text apart which people wrote, or that is a notation, and what it is."""
TAKES_APART = {"split", "partition", "rpartition", "startswith", "removeprefix", "removesuffix"}


def modules() -> list[str]:
    """Every module of logic, as a path below the package."""
    found = (p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py"))
    return sorted(name for name in found if not name.endswith("__init__.py"))


def has_test(module: str) -> bool:
    """Whether a test module of the same name stands at the same place under tests/."""
    path = Path(module)
    return (TESTS / path.parent / f"test_{path.name}").is_file()


def test_a_test_module_stands_beside_every_module() -> None:
    assert [name for name in modules() if not has_test(name)] == sorted(ALONE)


def test_no_file_is_too_long() -> None:
    files = [*PACKAGE.rglob("*.py"), *TESTS.rglob("*.py")]
    # By path: two files of one name are two files.
    lines = {
        f.relative_to(PACKAGE.parent).as_posix(): len(f.read_text(encoding="utf-8").splitlines())
        for f in files
    }
    assert {name for name, n in lines.items() if n > MOST_LINES} <= set(LONG)


def test_no_folder_is_a_pile() -> None:
    folders = (p for p in PACKAGE.rglob("*") if p.is_dir() and p.name != "__pycache__")
    for folder in (PACKAGE, *folders):
        held = [p for p in folder.iterdir() if not p.name.startswith((".", "_", "py.typed"))]
        assert len(held) <= MOST_FILES, folder


def test_the_map_names_every_room(checkout: Path) -> None:
    text = (checkout / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = "".join(line for line in text.splitlines(keepends=True) if line.startswith("| `"))
    named = set(
        re.findall(r"`([a-z_]+)`", "".join(line.split("|")[1] for line in table.splitlines()))
    )
    rooms = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    ground = {p.stem for p in PACKAGE.glob("*.py")} - {"__init__"}
    assert named == rooms | ground


def test_the_picture_of_the_layers_is_drawn_of_this_code(checkout: Path) -> None:
    drawn = runpy.run_path(str(checkout / "docs" / "make_layers.py"))["picture"]()
    shown = (checkout / "docs" / "layers.svg").read_text(encoding="utf-8")
    assert drawn == shown, "Draw it again: make layers."


def reads_words_back(module: str) -> bool:
    """Whether a module takes text apart at words: a separator or a beginning with a space in it."""
    calls = (n for n in ast.walk(ast.parse((PACKAGE / module).read_text())) if _takes_apart(n))
    texts = (n.value for call in calls for n in ast.walk(call) if isinstance(n, ast.Constant))
    return any(isinstance(text, str) and " " in text and text.strip() for text in texts)


def _takes_apart(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") in TAKES_APART


def test_nothing_parses_text_back() -> None:
    """Findings, signs and items are values; only readers of sources (`cohort`) take text apart."""
    found = {name for name in modules() if not name.startswith("cohort/")}
    assert {name for name in found if reads_words_back(name)} == set(READ_BACK)
