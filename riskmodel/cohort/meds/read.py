"""Read a MEDS dataset (0.4): folders of Parquet files, a row a measurement or event.

https://github.com/Medical-Event-Data-Standard/meds: ``subject_id, time, code, numeric_value`` and,
optionally, ``text_value`` and ``unit``; ``metadata/codes.parquet`` says what codes mean.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskmodel.arrays import Flags
from riskmodel.cohort.meds.codes import MedsCodes
from riskmodel.cohort.meds.files import Batch, exact_numbers, meaningful, meds_files, read_codes
from riskmodel.cohort.rejections import PLACE, Fault, Rejections, shown_places, with_faults
from riskmodel.cohort.source.record import Record, assembled, note_files, note_unread
from riskmodel.cohort.source.selection import known_by, refuse
from riskmodel.cohort.source.values import joined_unit, read_values
from riskmodel.cohort.source.workspace import StoredRows, coded, words
from riskmodel.cohort.tables.cohort import Cohort
from riskmodel.cohort.vocabulary.infusions import infusion_codes, read_infusions
from riskmodel.cohort.vocabulary.mapping import load_mapping
from riskmodel.cohort.written.times import age_at
from riskmodel.errors import SchemaError

_LABS = pa.schema(
    [
        ("patient_id", words()),
        ("time", pa.timestamp("us")),
        ("name", words()),
        ("unit", words()),
        ("value", pa.float64()),
        ("comparator", words()),
        ("refusal", words()),
        ("file", words()),
        ("line", pa.int64()),
        ("entry", pa.int8()),
        ("zoned", pa.bool_()),
    ]
)
_GIVEN_LABS = ["patient_id", "time", "analyte", "value", "comparator", "unit"]


def read_meds(
    source: Path | str,
    *,
    infusions: Path | None = None,
    mapping: Path | None = None,
    timezone: str = "",
    decimal: str = "",
) -> Cohort:
    """Read a MEDS dataset.

    Parameters
    ----------
    source : path
        Folder of a dataset, or one Parquet file.
    infusions : path, optional
        List of infusions; without it, those that the dataset holds.
    mapping : path, optional
        A centre's own codes, see `load_mapping`: a MEDS code with or without its unit, or its
        identifier alone.
    timezone : str
        Name of the time zone of times that name none (``Europe/Madrid``); by default that of most
        of their patient's records, or none where no record names one.
    decimal : {"", ",", "."}
        Decimal sign of texts that can be read in two ways, such as ``1.234``.

    Returns
    -------
    Cohort
        Its ``rejected`` has a further column ``source``: file and row.

    Raises
    ------
    SchemaError
        When there is nothing readable, a file does not have the columns of MEDS, or no patient
        has an infusion.

    Notes
    -----
    Numbers of 32 bits are read as their shortest decimal, which is what was charted: 8.92 comes
    back as 8.92. The unit is that of the column ``unit``, else the last part of the code.
    """
    source = Path(source)
    own = Rejections()
    codes = load_mapping(mapping)
    listed = read_infusions(infusions, own) if infusions is not None else None
    files, table, beside = meds_files(source)
    note_files(own, beside, source)
    descriptions, parents = read_codes(table)
    known = MedsCodes(infusion_codes(codes), codes.analytes, descriptions, parents)
    unused: Counter[str] = Counter()
    faults: list[Fault] = []
    others: list[pa.Table] = []

    def means(code: str) -> bool:
        return known.meaning(code).kind != "nothing"

    with StoredRows(_LABS, "patient_id") as labs:
        for batch in meaningful(files, source, means, faults, unused):
            rows = _rows(batch, known, own, decimal)
            lab = pc.equal(rows["kind"].cast(pa.string()), "lab")
            labs.append(rows.filter(lab))
            others.append(rows.filter(pc.invert(lab)))
        if not others:
            first = f" First: {faults[0]}." if faults else ""
            raise SchemaError(
                f"MEDS source '{source}' holds no row with a known code in {len(files)} files."
                f"{first} Give a MEDS dataset, with metadata/codes.parquet or a mapping "
                "(--mapping FILE)."
            )
        own.note("codes of no analyte or event (not used)", "codes", len(unused))
        note_unread(own, unused, known.is_lab)
        cohort = assembled(
            _record(source.name, labs, _frame(others)), listed, own, timezone, decimal
        )
    return replace(cohort, rejected=with_faults(cohort.rejected, faults))


def _frame(tables: list[pa.Table]) -> pd.DataFrame:
    """All rows of the tables, which are given away."""
    joined = pa.concat_tables(tables).unify_dictionaries()
    tables.clear()
    found: pd.DataFrame = joined.to_pandas(split_blocks=True, self_destruct=True)
    return found


def _rows(batch: Batch, known: MedsCodes, own: Rejections, decimal: str) -> pa.Table:
    """The rows of a batch with what they mean, and their place."""
    table = batch.table
    codes, distinct = pd.factorize(table["code"].to_pandas())
    meanings = [known.meaning(code) for code in distinct]
    kind, name, unit, passed = (
        pd.Series([meaning[k] for meaning in meanings], dtype="str").take(codes) for k in range(4)
    )
    number = exact_numbers(table["numeric_value"].to_numpy())
    found = read_values(number, table["text_value"].to_pandas(), decimal=decimal)
    own.note("text beside a number (not used)", "labs", found.remarks)
    charted = table["unit"].to_pandas().fillna("").astype("str").str.strip().to_numpy(dtype=object)
    unit_found = np.where(charted == "", unit.to_numpy(dtype=object), charted)
    refusal = found.refusal
    # The unit in a code and the one beside it are one size, or nobody knows which it is.
    pairs = pd.Series(list(zip(unit.to_numpy(dtype=object), charted, strict=True)))
    conflicts = {p: joined_unit(str(p[0]), str(p[1]))[1] for p in pairs.unique()}
    refusal = np.where(refusal == "", pairs.map(conflicts).to_numpy(dtype=object), refusal)
    for row in np.flatnonzero(found.unit != "").tolist():
        unit_found[row], conflict = joined_unit(str(unit_found[row]), str(found.unit[row]))
        refusal[row] = refusal[row] or conflict
    return pa.table(
        {
            "patient_id": coded(table["subject_id"].fill_null("").combine_chunks()),
            "time": table["time"].cast(pa.timestamp("us"), safe=False),
            "zoned": np.full(len(number), getattr(table["time"].type, "tz", None) is not None),
            "kind": coded(kind),
            "name": coded(name),
            "unit": coded(unit_found),
            "value": found.value,
            "comparator": coded(found.comparator),
            "refusal": coded(np.where(kind.to_numpy(dtype=object) == "lab", refusal, "")),
            "passed_over": coded(passed),
            "file": coded([batch.file] * len(number)),
            "line": batch.line,
            "entry": np.zeros(len(number), dtype=np.int8),
        }
    )


def _texts(times: pd.Series, zoned: pd.Series) -> pd.Series:
    """Timestamps as ISO 8601 text, those of a zoned column in UTC, empty where there are none."""
    shown = times.map(lambda time: time.isoformat(), na_action="ignore")
    shown = shown.astype("str").where(~zoned.astype(bool), shown.astype("str") + "Z")
    return shown.fillna("")


def _record(name: str, labs: StoredRows, rows: pd.DataFrame) -> Record:
    rows = rows.astype({"patient_id": "str", "kind": "str", "name": "str", "refusal": "str"})
    rows["passed_over"] = rows["passed_over"].astype("str")
    owners = labs.keys()[0]
    acts = rows[rows["kind"].isin(("event", "infusion")).to_numpy()].reset_index(drop=True)
    infused = (acts["kind"] == "infusion").to_numpy(dtype=bool)
    time = _texts(acts["time"], acts["zoned"])
    undated = infused & (time == "").to_numpy(dtype=bool)
    passed = (acts["passed_over"] != "").to_numpy(dtype=bool)
    refusal = np.where(undated, "time_missing", acts["refusal"].to_numpy(dtype=object))
    acts = pd.DataFrame(
        {
            "patient_id": acts["patient_id"],
            "kind": acts["kind"].where(infused, acts["name"]),
            "time": time,
            "value": acts["name"].where(infused, ""),
            "refusal": np.where(passed, "not_an_infusion", refusal),
            "passed_over": acts["passed_over"],
            "source": shown_places(*(acts[column] for column in PLACE)),
        }
    )

    def charted(part: pd.DataFrame, told: Rejections) -> tuple[pd.DataFrame, Flags]:
        part = part.rename(columns={"name": "analyte"})
        if part["zoned"].any():
            part = part.assign(time=_texts(part["time"], part["zoned"]))
        return part[_GIVEN_LABS], refuse("labs", part, "analyte", told)

    zoned_acts = bool(rows["zoned"].any())

    def times() -> Iterator[tuple[pd.Series, pd.Series]]:
        for batch in labs.batches(["patient_id", "time", "zoned"]):
            if batch["zoned"].any() or zoned_acts:
                yield batch["patient_id"].astype("str"), _texts(batch["time"], batch["zoned"])

    known = {*rows["patient_id"], *owners} - {""}
    return Record(
        name,
        labs,
        owners,
        acts,
        known,
        charted,
        lambda patients, told: _described(patients, rows, told),
        times=times,
    )


def _described(patients: pd.DataFrame, rows: pd.DataFrame, own: Rejections) -> pd.DataFrame:
    """The patients table, with sex, age and disease where the rows agree on them."""
    starts = dict(zip(patients["patient_id"], patients["infusion_time"].astype("str"), strict=True))
    told = rows[rows["kind"].isin(("gender", "birth", "disease")).to_numpy()]
    columns = [told["patient_id"], told["kind"], told["name"]]
    columns.append(_texts(told["time"], told["zoned"]))
    found: dict[str, dict[str, set[object]]] = {"sex": {}, "age_years": {}, "disease": {}}
    for patient, kind, name, time in zip(*columns, strict=True):
        start = starts.get(patient)
        if start is None:
            continue
        if kind == "gender" and name:
            found["sex"].setdefault(patient, set()).add(name)
        elif kind == "birth" and time:
            found["age_years"].setdefault(patient, set()).add(age_at(time[:10], start))
        elif kind == "disease" and known_by(time, start):
            found["disease"].setdefault(patient, set()).add(name)
    known: dict[str, pd.Series] = {}
    for column, values in found.items():
        several = sum(len(of) > 1 for of in values.values())
        own.note("conflicting rows, left unknown", column, several)
        one = {patient: next(iter(of)) for patient, of in values.items() if len(of) == 1}
        known[column] = pd.Series([one.get(name) for name in starts], index=patients.index)
    return patients.assign(**known)
