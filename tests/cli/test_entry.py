"""The entry point."""

from typer.testing import CliRunner

from riskmodel import __version__
from riskmodel.cli import app


def test_version_and_help(cli):
    assert cli("--version")[1] == f"riskmodel {__version__}\n"
    assert CliRunner().invoke(app, ["--help"]).exit_code == 0
