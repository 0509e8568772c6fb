"""The house: what an import costs, one version, material without code."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import riskmodel
from riskmodel.errors import SchemaError
from riskmodel.files import material

HEAVY = {"mlflow", "shap", "xgboost", "sklearn", "numba", "matplotlib", "pyspark"}
MATERIAL = ("features", "training", "models")

LOADED = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
START = {
    "import": "import riskmodel",
    "help": (
        "import sys\n"
        "from riskmodel.cli import main\n"
        "sys.argv = ['riskmodel', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
    ),
}


def python(code: str, folder: Path) -> str:
    """Run code in a new interpreter away from the checkout and return what it printed."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout


@pytest.mark.parametrize("start", START)
def test_start_loads_nothing_heavy(start: str, tmp_path: Path) -> None:
    loaded = set(python(f"{START[start]}\n{LOADED}", tmp_path).splitlines()[-1].split())
    assert "riskmodel" in loaded
    assert not loaded & HEAVY


def test_import_writes_and_prints_nothing(tmp_path: Path) -> None:
    assert python("import riskmodel", tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_every_public_name_resolves() -> None:
    for name in riskmodel.__all__:
        assert getattr(riskmodel, name) is not None


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        riskmodel.nothing  # noqa: B018


def test_one_version(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["version"]["path"] == "riskmodel/__init__.py"
    assert version(riskmodel.DISTRIBUTION) == riskmodel.__version__
    citation = (checkout / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {riskmodel.__version__}" in citation


def test_command_prints_the_version(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("riskmodel")
    done = subprocess.run(
        [command, "--version"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.split()[-1] == riskmodel.__version__


def test_only_the_package_is_importable(tmp_path: Path) -> None:
    code = "from importlib.util import find_spec\nprint(*map(find_spec, {}))"
    names = (*MATERIAL, "tests", "benchmarks")
    assert set(python(code.format(names), tmp_path).split()) == {"None"}


@pytest.mark.parametrize("folder", MATERIAL)
def test_material_is_found_and_holds_no_code(folder: str) -> None:
    found = material(folder)
    assert (found / "README.md").is_file()
    assert list(found.rglob("*.py")) == []


def test_missing_material_is_named() -> None:
    with pytest.raises(SchemaError, match=r"'features/nothing\.toml' was not found"):
        material("features", "nothing.toml")


def test_every_dependency_has_an_exact_version(checkout: Path) -> None:
    lines = (checkout / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [name for group in project["optional-dependencies"].values() for name in group]
    wanted = {_name(line) for line in [*project["dependencies"], *extras]}
    assert wanted <= {_name(name) for name in pins}


def _name(requirement: str) -> str:
    for end in "[<>=!":
        requirement = requirement.partition(end)[0]
    return requirement.lower().replace("_", "-")
