"""The worked example of docs/retraining.md runs as it is printed."""

import os
import re
import subprocess
import sys
from pathlib import Path


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_the_worked_example_runs(checkout: Path, tmp_path: Path) -> None:
    lines = commands(checkout / "docs" / "retraining.md")
    assert len(lines) > 10
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    environment = {**inherited, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}
    said = {}
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        said[line] = done.stdout
    assert (tmp_path / "evaluation" / "report.html").is_file()
    assert (tmp_path / "monitoring.html").is_file()
    (monitored,) = [text for line, text in said.items() if line.startswith("riskmodel monitor")]
    assert "False-alarm rate" in monitored
    (last,) = [text for line, text in said.items() if "--rollback" in line]
    assert "models:/centre@champion is version 1" in last
