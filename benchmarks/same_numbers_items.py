"""What `same_numbers.py` runs: commands by item, in the words of README and docs."""

from dataclasses import dataclass
from pathlib import Path

DOORS, REST = "same_numbers_doors.py", "same_numbers_rest.py"
_INPUTS = "../../inputs"
_TRAIN, _NEW, _OURS = (f"{_INPUTS}/{name}" for name in ("train", "new", "early"))
_DEFINITIONS = (
    "astct-2024",
    "astct-2023",
    "carhlh-2018",
    "prwcc-2023",
    "mas-l-2020",
    "hlh-2004",
    "hscore",
    "ohi-2022",
)
_TIMES = ("pre-infusion", "day-3", "day-9")
# Shipped models of the checkout that is right: others may be shipped on purpose.
_EARLY, _BEFORE = f"{_INPUTS}/models/early", f"{_INPUTS}/models/pre-infusion"
_BOTH = f"--model {_EARLY} --model {_BEFORE}"
_ALL = f"{_BOTH} --at pre-infusion --at day-3 --at day-9 --at today"


@dataclass(frozen=True)
class Item:
    """Commands that run one after the other in one folder."""

    commands: list[list[str]]
    simulated: bool = True  # so that values may be shown
    errors_kept: bool = True  # the log of another program has times in it


def inputs(data: Path) -> Item:
    """What all items read, made by the checkout that is right."""
    made = _lines(
        "simulate train --patients 600 --seed 7",
        "simulate new --patients 200 --seed 8",
        "train train --stage early --design quick --out early --register numbers-early",
    )
    return Item([*made, [DOORS, "prepare", str(data)]], errors_kept=False)


def items(data: Path) -> dict[str, Item]:
    """Every item by name."""
    found = {
        "simulate": _item(
            "simulate train --patients 600 --seed 7",
            "simulate new --patients 200 --seed 8",
            "simulate shifted --patients 50 --seed 3 --world shifted --products axi-cel,cilta-cel",
        ),
        "check": _item(*(f"check {cohort} --rejected r.csv" for cohort in (_TRAIN, _NEW))),
        "label": _item(
            *(f"label {_TRAIN} --definition {one} --out {one}.csv" for one in _DEFINITIONS),
            *(
                f"label {_TRAIN} --cytopenia-rule {rule} --out {rule}.parquet"
                for rule in ("recovery", "infusion", "any")
            ),
            f"label {_TRAIN} --horizon-days 30 --closed both --out horizon.csv",
        ),
        "label-compare": _item(f"label {_TRAIN} --compare --out compare.csv"),
        "features": _item(
            *(f"features {_TRAIN} --at {at} --out {at}.csv" for at in _TIMES),
            f"features {_NEW} --at day-5 --out day-5.parquet --sources sources.csv",
        ),
        "features-list": _item(
            *(f"features --list --format {form}" for form in ("text", "markdown", "html"))
        ),
        "train-pre-infusion": _train("pre_infusion"),
        "train-early": _train("early"),
        "train-update": _item(
            f"train {_NEW} --stage pre_infusion --design quick --from {_BEFORE} --no-track "
            "--out new"
        ),
        "evaluate": _item(
            f"evaluate {_NEW} --model {_BEFORE} --draws 20 --out shipped",
            f"evaluate {_NEW} --model {_OURS} --labels adjudicated --draws 20 --out trained",
        ),
        "score": _item(
            f"score {_NEW} {_ALL} --explain --out scores.csv",
            f"score {_NEW} {_ALL} --explain --out scores.parquet",
        ),
        "score-formats": _item(
            f"score {_NEW} {_ALL} --format meds --out meds.parquet",
            f"score {_NEW} {_ALL} --format omop --out omop.csv",
            f"score {_NEW} {_ALL} --format fhir --out fhir.ndjson",
        ),
        "score-shipped": _item(
            f"score {_NEW} --model early --model pre-infusion --at pre-infusion --at day-5 "
            "--explain --out scores.csv",
        ),
        "score-earlier-model": _item(
            f"score {_NEW} --model {_OURS} --at day-5 --explain --out folder.csv",
            f"score {_NEW} --model models:/numbers-early@champion --at day-5 --out registered.csv",
        ),
        "score-spark": Item(
            [
                *_lines(
                    f"score {_INPUTS}/parquet {_BOTH} --at pre-infusion --at day-3 --at today "
                    "--explain --engine spark --out spark"
                ),
                [DOORS, "gather", "spark"],
            ],
            errors_kept=False,
        ),
        "report": _item(
            *(
                f"report {_NEW} --patient {patient} --model {model} --out {patient}-{stage}.html"
                for patient in ("S00023", "S00141", "S00102")
                for stage, model in (("early", _EARLY), ("before", _BEFORE))
            ),
            f"report {_NEW} --patient S00023 --model {_EARLY} --at day-3 --out S00023-day-3.html",
        ),
        "timeline": _item(
            *(
                f"label {_NEW} --patient {patient} --out {patient}.html"
                for patient in ("S00023", "S00141")
            ),
            f"label {_NEW} --patient S00102 --definition hscore --out S00102.html",
            f"label {_NEW} --patient S00007",
        ),
        "monitor": _item(
            f"score {_TRAIN} --model {_EARLY} --at day-5 --explain --out day-5.csv",
            *(
                f"monitor {_NEW} --model {_EARLY} --reference day-5.csv --out early.{ending}"
                for ending in ("csv", "html")
            ),
            f"score {_TRAIN} --model {_BEFORE} --at pre-infusion --out hour-0.parquet",
            f"monitor {_NEW} --model {_BEFORE} --reference hour-0.parquet --out new.csv",
        ),
        "python": Item([[DOORS, "python", _INPUTS]]),
        "rest-api": Item([[REST, "api", _INPUTS]]),
        "rest-pages": Item([[REST, "pages", _INPUTS]]),
        "rest-hooks": Item([[REST, "hooks", _INPUTS]]),
    }
    if data.is_dir():
        found |= _public(data)
    return found


def _public(data: Path) -> dict[str, Item]:
    mimic = data / "mimic3_demo_20"
    sources = {
        "convert-omop": ("omop", mimic / "omop", mimic / "omop" / "infusions.csv"),
        "convert-fhir": ("fhir", mimic / "fhir", mimic / "fhir" / "infusions.csv"),
        "convert-meds": ("meds", mimic / "meds", mimic / "meds" / "infusions.csv"),
        "convert-duckdb": ("omop", f"{_INPUTS}/omop.duckdb", mimic / "omop" / "infusions.csv"),
        "convert-synthea-omop": ("omop", data / "synthea27nj_omop54", f"{_INPUTS}/omop.csv"),
        "convert-synthea-fhir": ("fhir", data / "synthea_fhir_r4", f"{_INPUTS}/fhir.csv"),
    }
    cohorts = {
        "public-mimic": mimic / "tidy",
        "public-tongji": data / "tongji_60",
        "public-case": data / "case_manghisi_2025",
    }
    found = {
        name: _item(
            f"convert {form} {source} cohort --infusions {listed}",
            "label cohort --out labels.csv",
            simulated=False,
        )
        for name, (form, source, listed) in sources.items()
    }
    for name, cohort in cohorts.items():
        lines = [
            f"check {cohort} --rejected rejected.csv",
            f"label {cohort} --out labels.csv",
            f"label {cohort} --compare --out compare.csv",
            *(f"features {cohort} --at {at} --out {at}.csv" for at in _TIMES),
            f"score {cohort} {_ALL} --explain --out scores.csv",
        ]
        if name == "public-case":
            patient = (cohort / "patients.csv").read_text(encoding="utf-8").split("\n")[1]
            who = patient.split(",")[0]
            lines += [
                f"report {cohort} --patient {who} --model {_EARLY} --out report.html",
                f"label {cohort} --patient {who} --out timeline.html",
            ]
        found[name] = _item(*lines, simulated=False)
    return found


def _train(stage: str) -> Item:
    return _item(
        f"train {_TRAIN} --stage {stage} --labels rules --design quick --no-track --out model "
        "--evaluation evaluation"
    )


def _item(*lines: str, simulated: bool = True) -> Item:
    return Item(_lines(*lines), simulated=simulated)


def _lines(*lines: str) -> list[list[str]]:
    return [line.split() for line in lines]
