"""Lab features of 100,000 patients: the compiled pass beside polars, DuckDB, pandas and tsfresh.

24 million results (12 analytes, 20 draws each) stand in Parquet, ordered by patient and time; all
compute the same 136 features at day 7, first shown to be equal to 1e-9 on a small file. Each
measurement is a process of its own, warmed up on the small file, and counts its CPU seconds, all
threads included: the least of the rounds, because a busy machine only ever adds. Memory is the
peak of the process above what it held before the measurement. ``QUICK=1`` takes a tenth.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from feature_peers import PEERS
from feature_records import ANALYTES, COLUMNS, DRAWS, LANDMARK, catalogue_text, shuffle, write

from riskmodel.cohort import Cohort
from riskmodel.features import Records, matrix, parse_catalogue
from riskmodel.features.builders.kinetics import lab_statistics

SMALL, TSFRESH_PATIENTS = 500, 200
LANDMARKS = [24.0, 72.0, 120.0, 168.0, 240.0, 312.0]
BYTES_A_ROW = 8 + 8 + 8 + 1 + 1


def groups(path: Path) -> Iterator[pa.Table]:
    """The needed columns, a row group at a time; a group holds whole patients."""
    file = pq.ParquetFile(path)
    for k in range(file.num_row_groups):
        yield file.read_row_group(k, columns=COLUMNS, use_threads=False)


def scan(path: Path) -> None:
    for _ in groups(path):
        pass


def cohort_of(table: pa.Table) -> Cohort:
    """A cohort of some results; its patients table holds nothing but their codes."""
    labs = table.to_pandas(split_blocks=True, self_destruct=True)
    first = int(labs["patient"].min())
    if first:
        labs["patient"] -= first
    patients = pd.DataFrame({"patient_id": np.arange(labs["patient"].max() + 1)})
    return Cohort(patients, labs, labs.iloc[:0])


def kernel(path: Path, landmarks: tuple[float, ...] = (LANDMARK,)) -> float:
    """CPU seconds of the pass alone, over columns in memory, 5,000 patients at a time."""
    features, spent = list(parse_catalogue(catalogue_text())), 0.0
    for table in groups(path):
        cohort = cohort_of(table)
        start = time.process_time()
        lab_statistics(Records(cohort), features, landmarks)
        spent += time.process_time() - start
    return spent


def landmarks_together(path: Path) -> float:
    return kernel(path, tuple(LANDMARKS))


def landmarks_apart(path: Path) -> float:
    return sum(kernel(path, (hours,)) for hours in LANDMARKS)


def in_parts(path: Path) -> list[pd.DataFrame]:
    catalogue = parse_catalogue(catalogue_text())
    return [matrix(cohort_of(table), catalogue, LANDMARK) for table in groups(path)]


def at_once(path: Path) -> pd.DataFrame:
    table = pq.read_table(path, columns=COLUMNS, use_threads=False)
    cohort = cohort_of(table)
    del table
    return matrix(cohort, parse_catalogue(catalogue_text()), LANDMARK)


def by_tsfresh(path: Path) -> pd.DataFrame:
    """Its ten minimal features of each analyte, of some patients."""
    from tsfresh import extract_features
    from tsfresh.feature_extraction import MinimalFCParameters

    labs = pq.read_table(path, columns=COLUMNS).to_pandas()
    labs = labs[(labs["patient"] < TSFRESH_PATIENTS) & (labs["hours"] <= LANDMARK)]
    labs["analyte"] = labs["analyte"].astype(str)
    return extract_features(
        labs.drop(columns="comparator"),
        column_id="patient",
        column_sort="hours",
        column_kind="analyte",
        column_value="value",
        default_fc_parameters=MinimalFCParameters(),
        n_jobs=0,
        disable_progressbar=True,
    )


MEASURED: dict[str, Callable[[Path], object]] = {
    "scan": scan,
    "kernel": kernel,
    "landmarks_together": landmarks_together,
    "landmarks_apart": landmarks_apart,
    "in_parts": in_parts,
    "at_once": at_once,
    "tsfresh": by_tsfresh,
    **PEERS,
}


def measure(name: str, path: Path, small: Path) -> None:
    """Print CPU seconds and peak memory (MB) of one measurement as JSON."""
    call = MEASURED[name]
    call(small)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak begins again from here
    held = _memory("VmRSS")
    start = time.process_time()
    told = call(path)
    spent = told if isinstance(told, float) else time.process_time() - start
    print(json.dumps({"cpu": spent, "memory": _memory("VmHWM") - held}))


def _memory(name: str) -> float:
    """Memory of this process in MB; `resource` would count the parent's too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def run(name: str, path: Path, small: Path, rounds: int = 1) -> tuple[float, float]:
    """Least CPU seconds and memory of some rounds, each in a process of its own."""
    line = [sys.executable, __file__, "--measure", name, str(path), str(small)]
    found = []
    for _ in range(rounds):
        done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return min(f["cpu"] for f in found), min(f["memory"] for f in found)


def check_equal(path: Path) -> None:
    """Stop unless every peer gives the features of the pass, to 1e-9."""
    ours = at_once(path)
    for name, call in PEERS.items():
        table = call(path).set_index("analyte")
        for column in ours.columns[2:]:
            analyte = next(a for a in ANALYTES if column.startswith(f"{a}_"))
            statistic = column.removeprefix(f"{analyte}_")
            theirs = table.loc[analyte].set_index("patient")[statistic].reindex(range(len(ours)))
            found = theirs.to_numpy(np.float64)
            found = np.nan_to_num(found) if statistic == "number" else found
            np.testing.assert_allclose(
                found, ours[column], rtol=1e-9, atol=1e-9, err_msg=f"{name}: {column}"
            )


def compile_seconds() -> tuple[float, float]:
    """CPU seconds of loading the kernel, first compiled and then from its cache, without numba."""
    code = (
        "import time, numba, riskmodel.features\n"
        "start = time.process_time()\n"
        "import riskmodel.features.kernel\n"
        "print(time.process_time() - start)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        line = [sys.executable, "-c", code]
        first, cached = (
            subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True, env=environment)
            for _ in range(2)
        )
    return float(first.stdout), float(cached.stdout)


def told(what: str, cpu: float, unit: float, memory: float | None = None, more: str = "") -> None:
    held = f"{memory:8,.0f} MB" if memory is not None else " " * 11
    print(f"  {what:<42} {cpu:8.2f} s {cpu / unit:8.2f} x {held}  {more}", flush=True)


def verdict(what: str, found: float, bar: float, least: bool = False) -> None:
    reached = found >= bar if least else found <= bar
    sign = ">=" if least else "<="
    print(f"  {what:<58} {found:6.2f} ({sign} {bar:g}) {'reached' if reached else 'NOT REACHED'}")


def main() -> None:
    """Print the table and which bars are reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=10_000 if os.getenv("QUICK") else 100_000)
    parser.add_argument("--rounds", type=int, default=3, help="of the pass; of a peer one less")
    parser.add_argument("--measure", nargs=3, metavar=("NAME", "FILE", "SMALL"))
    given = parser.parse_args()
    if given.measure:
        measure(given.measure[0], Path(given.measure[1]), Path(given.measure[2]))
        return
    n, rounds = given.patients, given.rounds
    rows = n * len(ANALYTES) * DRAWS
    with tempfile.TemporaryDirectory(prefix="riskmodel-features-") as name:
        small, tenth, all_of_it, mixed = (
            Path(name) / f"{part}.parquet" for part in ("small", "tenth", "all", "mixed")
        )
        write(small, SMALL)
        write(tenth, n // 10)
        write(all_of_it, n)
        shuffle(all_of_it, mixed)
        check_equal(small)
        loaded = rows * BYTES_A_ROW / 2**20
        print(
            f"{n:,} patients, {rows:,} results, {len(parse_catalogue(catalogue_text()))} features"
        )
        print(f"needed columns in memory: {loaded:,.0f} MB; CPU seconds, in units of the scan")
        unit, memory = run("scan", all_of_it, small, rounds)
        told("Arrow scan of the needed columns", unit, unit, memory)
        kernel_cpu, _ = run("kernel", all_of_it, small, rounds)
        told("compiled pass alone", kernel_cpu, unit)
        parts, parts_memory = run("in_parts", all_of_it, small, rounds)
        told("Parquet to features, 5,000 patients at a time", parts, unit, parts_memory)
        once, once_memory = run("at_once", all_of_it, small, rounds)
        told("Parquet to features, all at once", once, unit, once_memory)
        shuffled, shuffled_memory = run("at_once", mixed, small, rounds)
        told("  the same results shuffled", shuffled, unit, shuffled_memory)
        peers = {}
        for peer in PEERS:
            peers[peer], peer_memory = run(peer, all_of_it, small, max(rounds - 1, 1))
            told(peer, peers[peer], unit, peer_memory)
        few, _ = run("tsfresh", small, small)
        share = n / min(TSFRESH_PATIENTS, SMALL)
        note = f"extrapolated from {TSFRESH_PATIENTS} patients"
        told("tsfresh, its 10 minimal features", few * share, unit, more=note)
        small_parts, _ = run("in_parts", tenth, small, rounds)
        told(f"Parquet to features, {n // 10:,} patients", small_parts, unit)
        together, _ = run("landmarks_together", all_of_it, small, rounds)
        told(f"compiled pass, {len(LANDMARKS)} landmarks in one", together, unit)
        apart, _ = run("landmarks_apart", all_of_it, small, rounds)
        told(f"compiled pass, {len(LANDMARKS)} landmarks one by one", apart, unit)
    first, cached = compile_seconds()
    print(
        f"loading the kernel beyond numba: {first:.1f} s compiled once, {cached:.2f} s after that"
    )
    print("Bars")
    verdict("pass alone over the scan", kernel_cpu / unit, 1.5)
    verdict("Parquet to features over the scan", parts / unit, 4.0)
    verdict("best of polars, DuckDB, pandas over ours", min(peers.values()) / parts, 4.0, True)
    verdict("peak memory over the loaded columns, in parts", parts_memory / loaded, 2.0)
    verdict("peak memory over the loaded columns, all at once", once_memory / loaded, 2.0)
    verdict("shuffled over ordered, both all at once", shuffled / once, 3.0)
    verdict("ten times the patients over ten times the time", parts / (10 * small_parts), 1.25)


if __name__ == "__main__":
    main()
