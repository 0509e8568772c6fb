"""Build the sdist and from it the wheel, install it away from the checkout, and score there.

Run with the checkout's environment: ``.venv/bin/python .ci/check_wheel.py``. Everything happens
in a temporary folder that is removed afterwards.
"""

import csv
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parent.parent
MATERIAL = ("features", "training", "models")

PATIENTS = """\
patient_id,age_years,disease,product,tumor_burden,prior_lines
W1,54,LBCL,axicabtagene ciloleucel,high,3
W2,17,B-ALL,tisagenlecleucel,low,2
W3,31,SLE,,,
"""
LABS = """\
patient_id,hours_from_infusion,analyte,value,comparator,unit
W1,-24,ferritin,820,,ng/mL
W1,-24,platelets,96,,10*9/L
W1,-24,crp,31,,mg/L
W1,-24,ldh,410,,U/L
W2,-20,ferritin,<5,,ug/L
W2,-20,hemoglobin,104,,g/L
W3,-18,ferritin,60,,ng/mL
"""
EVENTS = """\
patient_id,hours_from_infusion,event,grade,value
W1,-120,lymphodepletion_start,,
W2,30,crs,1,
"""

WHERE = f"""
MATERIAL = {MATERIAL}
import riskmodel
from riskmodel.files import material
print(riskmodel.__file__)
for folder in MATERIAL:
    print(material(folder))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command outside the checkout and return what it printed; stop when it fails."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        line = " ".join(Path(part).name for part in map(str, command[:4]))
        sys.exit(f"'{line} ...' ended with {done.returncode}.\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(holds: bool, message: str) -> None:
    """Stop with `message` unless it holds."""
    if not holds:
        sys.exit(f"The wheel is wrong: {message}")


def build(folder: Path) -> Path:
    """Build the sdist, and the wheel from the sdist, with the checkout's own hatchling."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, CHECKOUT, cwd=folder)
    (wheel,) = folder.glob("riskmodel_iechs-*.whl")
    return wheel


def check_listing(wheel: Path) -> None:
    """Compare the wheel's files with the checkout's: code in place, material inside the package."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    tops = {name.split("/")[0] for name in shipped if ".dist-info/" not in name}
    expect(tops == {"riskmodel"}, f"it installs {sorted(tops)}, allowed is riskmodel alone.")
    places = {"riskmodel": "riskmodel"} | {top: f"riskmodel/_material/{top}" for top in MATERIAL}
    wanted = set()
    for folder, inside in places.items():
        for path in (CHECKOUT / folder).rglob("*"):
            relative = path.relative_to(CHECKOUT / folder)
            hidden = any(part.startswith((".", "__pycache__")) for part in relative.parts)
            if path.is_file() and not hidden:
                wanted.add(f"{inside}/{relative.as_posix()}")
    missing = sorted(wanted - shipped)
    expect(not missing, f"it lacks {missing}.")


def needed(asker: Distribution, extra: str = "") -> Iterator[tuple[Requirement, Distribution]]:
    """What a distribution asks for, and who answers in the checkout's environment."""
    for line in asker.requires or ():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            answer = distribution(wanted.name)
            expect(
                wanted.specifier.contains(answer.version, prereleases=True),
                f"{asker.name} needs {wanted}, tested is {answer.version}.",
            )
            yield wanted, answer


def all_needed(wheel: Distribution) -> list[Distribution]:
    """All that the wheel's metadata asks for, direct and indirect."""
    found: dict[tuple[str, str], Distribution] = {}
    todo = [(wheel, "")]
    while todo:
        for wanted, answer in needed(*todo.pop()):
            for extra in ("", *wanted.extras):
                if (wanted.name, extra) not in found:
                    found[wanted.name, extra] = answer
                    todo.append((answer, extra))
    return list(found.values())


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel in a new environment with what it asks for, no more; return its bin folder.

    Its dependencies are links to the tested versions in the checkout's environment: what the wheel
    does not declare cannot be imported, and nothing is unpacked a second time.
    """
    environment = folder / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    binaries = environment / "bin"
    pip = [sys.executable, "-m", "pip", "--python", binaries / "python", "install", "--quiet"]
    run(*pip, "--no-compile", "--no-deps", wheel, cwd=folder)
    (packages,) = environment.glob("lib/python*/site-packages")
    (installed,) = distributions(name="riskmodel-iechs", path=[str(packages)])
    for package in all_needed(installed):
        top = Path(str(package.locate_file("")))
        names = {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}
        for name in names:
            link = packages / name
            if not link.is_symlink():  # several distributions share a namespace
                link.symlink_to(top / name)
    return binaries


def check_places(binaries: Path, folder: Path) -> None:
    """Check that the package and its material are found in the new environment, nowhere else."""
    for place in run(binaries / "python", "-c", WHERE, cwd=folder).splitlines():
        expect(
            Path(place).is_relative_to(folder / "venv"),
            f"'{place}' was used, which is not in the new environment.",
        )


def check_score(binaries: Path, folder: Path) -> None:
    """Score a small cohort with a shipped model."""
    cohort = folder / "cohort"
    cohort.mkdir()
    for name, text in (("patients", PATIENTS), ("labs", LABS), ("events", EVENTS)):
        (cohort / f"{name}.csv").write_text(text, encoding="utf-8")
    out = folder / "scores.csv"
    model = ("--model", "pre-infusion", "--at", "pre-infusion")
    run(binaries / "riskmodel", "score", cohort, *model, "--out", out, cwd=folder)
    with out.open(encoding="utf-8", newline="") as file:
        rows = {row["patient_id"]: row for row in csv.DictReader(file)}
    expect(set(rows) == {"W1", "W2", "W3"}, f"it scored {sorted(rows)}, entered were W1, W2, W3.")
    for patient in ("W1", "W2"):
        row = rows[patient]
        expect(row["status"] in ("scored", "partial"), f"{patient} is '{row['status']}'.")
        low, risk, high = (float(row[name]) for name in ("risk_low", "risk", "risk_high"))
        expect(0 < low <= risk <= high < 1, f"{patient} has risk {risk} ({low} to {high}).")
    expect(
        rows["W3"]["status"] == "out_of_scope" and rows["W3"]["risk"] == "",
        "an autoimmune indication is not out of scope.",
    )


def main() -> None:
    """Run every check in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="riskmodel-wheel-") as name:
        folder = Path(name).resolve()
        wheel = build(folder)
        check_listing(wheel)
        binaries = install(wheel, folder)
        check_places(binaries, folder)
        version = run(binaries / "riskmodel", "--version", cwd=folder).strip()
        expect(version.endswith(wheel.name.split("-")[1]), f"--version prints '{version}'.")
        check_score(binaries, folder)
    print(f"{wheel.name}: installed away from the checkout, {version}, scored 3 patients.")


if __name__ == "__main__":
    main()
