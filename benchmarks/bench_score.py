"""CPU seconds of scoring a cohort end to end, beside scripts that do the same in the plain way.

One run on one simulated cohort of Parquet tables, each contender a process of its own (start-up
included), CPU seconds of it and its children:

ours      read, check, features, risk, interval, contributions by factor, manifest, Parquet out
scan (a)  read every column of the three Parquet files and count the rows
peer (b)  pandas groupby features (last, baseline, maximum, count, slope of each analyte; events),
          a default XGBClassifier, shap.TreeExplainer, Parquet out: no checks, units or intervals
tsfresh (c)  tsfresh's minimal features and a default XGBClassifier on a subset, EXTRAPOLATED by
          the number of patients

The peers' models are fitted before, outside the measured process. Growth: ours on more patients,
in one process, the cost of 50 taken off both. QUICK=1 takes 1,000 patients; GROWTH="100000 300000"
names the larger cohorts, of which the last takes half an hour and 3 GB of disk.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from riskmodel.training import simulate

AT = "day-5"
HOURS = 120.0
TSFRESH_PATIENTS = 100
AT_ONCE = 10_000
AS_CHARTED = {"value": "str", "comparator": "str", "unit": "str"}

FEATURES = '''
import sys
import numpy as np
import pandas as pd

def features(folder, until={hours}):
    """One row per patient by groupby: what a careful analyst writes in an afternoon."""
    patients = pd.read_parquet(folder + "/patients.parquet").set_index("patient_id")
    labs = pd.read_parquet(folder + "/labs.parquet")
    events = pd.read_parquet(folder + "/events.parquet")
    labs = labs[labs["hours_from_infusion"] <= until].copy()
    labs["value"] = pd.to_numeric(labs["value"].astype(str).str.lstrip("<>="), errors="coerce")
    labs = labs.sort_values(["patient_id", "analyte", "hours_from_infusion"])
    by = labs.groupby(["patient_id", "analyte"])
    table = by["value"].agg(["last", "max", "count"])
    before = labs[labs["hours_from_infusion"] <= 0]
    table["baseline"] = before.groupby(["patient_id", "analyte"])["value"].last()
    recent = labs[labs["hours_from_infusion"] > until - 48]

    def slope(group):
        if len(group) < 2:
            return np.nan
        return np.polyfit(group["hours_from_infusion"], group["value"], 1)[0]

    grouped = recent.groupby(["patient_id", "analyte"])[["hours_from_infusion", "value"]]
    table["slope"] = grouped.apply(slope)
    table["fold"] = table["last"] / table["baseline"]
    wide = table.unstack("analyte")
    wide.columns = ["_".join(c) for c in wide.columns]
    events = events[events["hours_from_infusion"] <= until]
    seen = pd.crosstab(events["patient_id"], events["event"]).add_prefix("event_")
    numbers = patients.select_dtypes("number")
    choices = pd.get_dummies(patients[["disease", "sex"]])
    return numbers.join(choices).join(wide).join(seen).replace([np.inf, -np.inf], np.nan)
'''

FIT = (
    FEATURES
    + """
import warnings
import xgboost
warnings.simplefilter("ignore")
folder, out = sys.argv[1:]
X = features(folder)
truth = pd.read_csv(folder + "/truth.csv").set_index("patient_id")
y = truth["event"].reindex(X.index).to_numpy()
model = xgboost.XGBClassifier(n_jobs=1).fit(X, y)
model.save_model(out)
"""
)

PEER = (
    FEATURES
    + """
import warnings
import shap
import xgboost
warnings.simplefilter("ignore")
folder, model_file, out = sys.argv[1:]
X = features(folder)
model = xgboost.XGBClassifier(n_jobs=1)
model.load_model(model_file)
X = X.reindex(columns=model.get_booster().feature_names).astype(float)
risk = model.predict_proba(X)[:, 1]
values = shap.TreeExplainer(model).shap_values(X)
scores = pd.DataFrame(values, columns=X.columns, index=X.index).assign(risk=risk)
scores.to_parquet(out)
"""
)

TSFRESH = """
import sys
import warnings
warnings.simplefilter("ignore")
import pandas as pd
import xgboost
from tsfresh import extract_features
from tsfresh.feature_extraction import MinimalFCParameters
folder, count, until = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
ids = pd.read_parquet(folder + "/patients.parquet")["patient_id"].head(count)
labs = pd.read_parquet(folder + "/labs.parquet")
labs = labs[labs["patient_id"].isin(ids) & (labs["hours_from_infusion"] <= until)]
labs = labs.assign(value=pd.to_numeric(labs["value"].astype(str).str.lstrip("<>="), "coerce"))
labs = labs.dropna(subset=["value"])
X = extract_features(
    labs[["patient_id", "analyte", "hours_from_infusion", "value"]],
    column_id="patient_id", column_kind="analyte", column_sort="hours_from_infusion",
    column_value="value", default_fc_parameters=MinimalFCParameters(), n_jobs=0,
    disable_progressbar=True,
)
truth = pd.read_csv(folder + "/truth.csv").set_index("patient_id")["event"].reindex(X.index)
y = truth.to_numpy().copy()
y[0], y[1] = 0, 1
model = xgboost.XGBClassifier(n_jobs=1).fit(X, y)
model.predict_proba(X)
"""

SCAN = """
import sys
from pyarrow import parquet
print(sum(parquet.read_table(f"{sys.argv[1]}/{t}.parquet", use_threads=False).num_rows
          for t in ("patients", "labs", "events")))
"""


def cpu(*command: str | Path) -> float:
    """CPU seconds of a process and its children, start-up included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cohort(folder: Path, patients: int) -> Path:
    """A simulated cohort as Parquet tables, with its truth; simulated some patients at a time."""
    folder.mkdir()
    writers: dict[str, parquet.ParquetWriter] = {}
    truths = []
    for number, start in enumerate(range(0, patients, AT_ONCE)):
        part = folder / "part"
        simulate(part, patients=min(AT_ONCE, patients - start), seed=4 + number)
        for table in ("patients", "labs", "events", "truth"):
            rows = pd.read_csv(part / f"{table}.csv", low_memory=False, dtype=AS_CHARTED)
            rows["patient_id"] = f"{number:03d}" + rows["patient_id"]
            if table == "truth":
                truths.append(rows)
                continue
            made = pa.Table.from_pandas(rows, preserve_index=False)
            if table not in writers:
                writers[table] = parquet.ParquetWriter(folder / f"{table}.parquet", made.schema)
            writers[table].write_table(made.cast(writers[table].schema))
        shutil.rmtree(part)
    for writer in writers.values():
        writer.close()
    pd.concat(truths).to_csv(folder / "truth.csv", index=False)
    return folder


def ours(folder: Path, out: Path, *more: str) -> float:
    """The command, as a user runs it."""
    command = Path(sys.executable).with_name("riskmodel")
    options = ("--model", "early", "--at", AT, "--explain", "--quiet", "--out", out, *more)
    return cpu(command, "score", folder, *options)


def main() -> None:
    """Simulate, measure, print the ratios and the growth."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    quick = bool(os.environ.get("QUICK"))
    larger = [int(n) for n in os.environ.get("GROWTH", "" if quick else "30000").split()]
    parser.add_argument("--patients", type=int, default=1000 if quick else 10_000)
    parser.add_argument("--growth", type=int, nargs="*", default=larger)
    given = parser.parse_args()
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory(prefix="riskmodel-bench-") as name:
        top = Path(name)
        folder = cohort(top / "cohort", given.patients)
        small = cohort(top / "small", 50)
        ours(small, top / "warm.parquet")
        scripts = {"fit": FIT, "peer": PEER, "tsfresh": TSFRESH, "scan": SCAN}
        for key, text in scripts.items():
            script = text.replace("{hours}", str(HOURS)) if "{hours}" in text else text
            (top / f"script_{key}.py").write_text(script, encoding="utf-8")
        python, model = sys.executable, top / "peer.json"
        cpu(python, top / "script_fit.py", folder, model)
        mine = ours(folder, top / "ours.parquet")
        figures = {
            "ours, end to end with --explain": mine,
            "(a) bare Parquet scan": cpu(python, top / "script_scan.py", folder),
            "(b) groupby + XGBoost + TreeExplainer": cpu(
                python, top / "script_peer.py", folder, model, top / "peer.parquet"
            ),
        }
        count = min(TSFRESH_PATIENTS, given.patients)
        start = cpu(python, "-c", "import tsfresh, xgboost, pandas")
        part = cpu(python, top / "script_tsfresh.py", folder, str(count), str(HOURS))
        label = f"(c) tsfresh minimal + XGBoost, EXTRAPOLATED from {count}"
        figures[label] = start + (part - start) * given.patients / count
        print(f"{given.patients:,} patients, {AT}, CPU seconds of one process each")
        for what, seconds in figures.items():
            print(f"  {what:<56} {seconds:9.2f} s   {seconds / mine:8.2f} x ours")
        # In one process: the start of a second one would count as growth.
        one = ("--workers", "1")
        few, many = (ours(where, top / "warm.parquet", *one) for where in (small, folder))
        for patients in given.growth:
            larger = cohort(top / f"cohort-{patients}", patients)
            took = ours(larger, top / "larger.parquet", *one)
            ratio = (took - few) / (many - few) / (patients / given.patients)
            shutil.rmtree(larger)
            print(f"  growth to {patients:,}: {took:.1f} s, {ratio:.2f} of linear")


if __name__ == "__main__":
    main()
