"""docs/first_cohort.md runs as it is printed, and its cohort is what its thirty files mean."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

from riskmodel.cohort import read_cohort


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_a_first_cohort_of_thirty_dirty_files_is_what_they_mean(
    checkout: Path, tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("export", checkout / "docs" / "make_export.py")
    export = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(export)
    lines = commands(checkout / "docs" / "first_cohort.md")
    assert len(lines) == 7
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "RISKMODEL": str(checkout)}
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, text=True,
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        if "riskmodel map" in line:
            assert "'dates' of labs_P10.csv is '?'" in done.stderr
    assert len(list((tmp_path / "export").iterdir())) == 30
    cohort = read_cohort(tmp_path / "cohort")
    for code, who in enumerate(cohort.patient_id):
        expected = sorted(
            (24.0 * day - 2, name, value, 2 if sign else 0)
            for day, name, value, sign in export.results(int(who[1:]))
        )
        labs = cohort.labs[cohort.labs["patient"] == code]
        names = labs["analyte"].astype(str)
        rows = zip(labs["hours"], names, labs["value"], labs["comparator"], strict=True)
        found = sorted((h, a, round(v, 9), c) for h, a, v, c in rows)
        assert found == expected, who
    events = cohort.events.groupby("event", observed=True)["patient"].nunique()
    assert events.to_dict() == {"crs": 21, "tocilizumab": 14}
    with (tmp_path / "cohort" / "rejected.csv").open() as file:
        assert {line.split(",")[4] for line in file} == {"reason", "value_sentinel"}
