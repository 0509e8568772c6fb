"""What `score` shows on a real terminal, wide and narrow, and that it is silent elsewhere."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def command(cohort: Path, out: Path) -> list[str]:
    asked = ["--model", "pre-infusion", "--at", "pre-infusion", "--workers", "1"]
    return [sys.executable, "-m", "riskmodel.cli", "score", str(cohort), *asked, "--out", str(out)]


@pytest.mark.parametrize("columns", [40, 130])
def test_a_terminal_of_any_width_shows_figures_whole(simulated, tmp_path, columns):
    above, below = pty.openpty()
    fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    here = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "CI")}
    run = subprocess.Popen(
        command(simulated, tmp_path / "scores.csv"), stdin=below, stdout=below, stderr=below,
        env=here | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(below)
    said = b""
    while True:
        try:
            said += os.read(above, 1 << 16)
        except OSError:  # the terminal's other end is closed
            break
    os.close(above)
    assert run.wait() == 0
    text = CONTROL.sub("", said.decode())
    assert "0/250" in text
    assert "\u2026" not in text
    assert ("\u2501" in text) == (columns == 130)
    assert re.search(r"missing inputs \(median\)[^W]* \d+ of \d+", text)
    status = json.loads((tmp_path / "scores.csv.manifest.json").read_text())["counts"]["status"]
    for name, rows in status.items():
        assert f"{name} {rows}" in text


def test_a_pipe_gets_the_summary_alone(simulated, tmp_path):
    run = subprocess.run(
        command(simulated, tmp_path / "scores.csv"), capture_output=True, text=True, check=True
    )
    assert "\x1b" not in run.stdout + run.stderr
    assert "0/250" not in run.stdout + run.stderr
    assert re.search(r"riskmodel-pre-infusion .* \d+ .* \d+ of \d+ ", run.stdout)
