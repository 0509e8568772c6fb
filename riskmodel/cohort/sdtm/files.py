"""The domains of an SDTM folder: XPT, Dataset-JSON and CSV files, a part at a time."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.cohort.fhir.files import regular_files
from riskmodel.cohort.frames import csv_batches, unknown_cells
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.sdtm.xpt import read_xpt
from riskmodel.errors import SchemaError

ENDINGS = (".xpt", ".xport", ".json", ".ndjson", ".csv")
DOMAINS = ("DM", "EX", "EC", "LB", "VS", "AE", "CM", "PR", "DS", "MH", "SUPPAE", "ADLB",
           "ADSL", "FA", "RELREC")  # fmt: skip
_LARGEST_JSON = 512 * 2**20


def domain_files(source: Path) -> tuple[dict[str, list[Path]], list[Path]]:
    """Files of each domain (``lb.xpt``, and parts of it as ``lbch.xpt``), and unread files.

    Raises
    ------
    SchemaError
        When the folder holds none.
    """
    if not source.is_dir():
        raise SchemaError(
            f"SDTM source '{source}' is no folder. Give the folder of a study's datasets "
            f"({', '.join(ENDINGS)})."
        )
    files, _, unread = regular_files(source, ENDINGS)
    found: dict[str, list[Path]] = {}
    for path in files:
        stem = path.name.upper().split(".")[0]
        part = next(
            (d for d in ("LB", "CM", "AE", "FA") if stem.startswith(d) and len(stem) == 4), stem
        )
        if part in DOMAINS:
            found.setdefault(part, []).append(path)
        else:
            unread.append(path)
    for domain, paths in found.items():
        # The same dataset in two forms is one: the one that keeps its types goes first.
        forms = [next((p for p in paths if p.suffix.lower() == e), None) for e in ENDINGS]
        stems = {p.name.upper().split(".")[0] for p in paths}
        if len(stems) < len(paths):
            suffix = next(p.suffix for p in forms if p is not None)
            unread += [p for p in paths if p.suffix != suffix]
            found[domain] = [p for p in paths if p.suffix == suffix]
    if not found:
        raise SchemaError(
            f"SDTM folder '{source}' holds no dataset of {', '.join(DOMAINS[:10])}. Give the "
            "folder of a study's datasets."
        )
    return found, unread


def domain_rows(paths: Sequence[Path], own: Rejections) -> Iterator[tuple[Path, pd.DataFrame]]:
    """Parts of a domain with the file they stand in; numbers as numbers or text, empty as NaN.

    Raises
    ------
    SchemaError
        When a file cannot be read.
    """
    for path in paths:
        ending = path.suffix.lower()
        if ending in (".xpt", ".xport"):
            parts = read_xpt(path)
        elif ending == ".csv":
            batches = csv_batches(path, "labs", own)
            parts = (unknown_cells(batch.to_pandas()) for batch in batches)
        else:
            parts = iter([_dataset_json(path)])
        for part in parts:
            part.columns = [str(name).strip().upper() for name in part.columns]
            yield path, part


def _dataset_json(path: Path) -> pd.DataFrame:
    """A Dataset-JSON file (1.1, also its NDJSON form, and 1.0)."""
    refused = SchemaError(
        f"File '{path.name}' cannot be read as Dataset-JSON 1.1 (columns and rows). Write it again."
    )
    if path.stat().st_size > _LARGEST_JSON:
        raise SchemaError(f"File '{path.name}' is larger than {_LARGEST_JSON >> 20} MB. Split it.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".ndjson":
            lines = [json.loads(line) for line in text.splitlines() if line.strip()]
            whole: dict[str, Any] = {**lines[0], "rows": lines[1:]}
        else:
            whole = json.loads(text)
        if "columns" not in whole:
            groups = next(v for k, v in whole.items() if k in ("clinicalData", "referenceData"))
            group = next(iter(groups["itemGroupData"].values()))
            whole = {"columns": group["items"], "rows": group["itemData"]}
        names = [str(column["name"]) for column in whole["columns"]]
        return pd.DataFrame(whole["rows"], columns=names)
    except (OSError, ValueError, KeyError, TypeError, IndexError, StopIteration, RecursionError,
            AttributeError):  # fmt: skip
        raise refused from None
