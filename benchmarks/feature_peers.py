"""The features of `feature_records` in polars, DuckDB SQL and pandas, each read from Parquet.

The peers are spared what the records do not hold or the table does not need: they merge no equal
times, count on the order of the rows where that helps, and leave the result long, one row a patient
and analyte.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from feature_records import COLUMNS, FALL, FLOOR, LANDMARK, RATE, REBOUND, SPAN

KEY = ["patient", "analyte"]


def by_polars(path: Path) -> pd.DataFrame:
    """Polars: masked columns, so that every aggregate is one of its fast ones."""
    import polars as pl

    hours, value = pl.col("hours"), pl.col("value")
    level = value.clip(lower_bound=FLOOR)
    known = pl.scan_parquet(path).select(COLUMNS).filter(hours <= LANDMARK)
    day = (hours - LANDMARK) / 24
    masks = {"48h": hours >= LANDMARK - 48, "": hours >= 0}
    wide = known.with_columns(
        pl.when(hours >= 0).then(value).alias("since"),
        *(pl.when(mask).then(day).alias(f"x{name}") for name, mask in masks.items()),
        *(pl.when(mask).then(level.log(2)).alias(f"y{name}") for name, mask in masks.items()),
    )
    sums = []
    for name in masks:
        x, y = pl.col(f"x{name}"), pl.col(f"y{name}")
        sums += [
            x.count().alias(f"n{name}"),
            x.sum().alias(f"sx{name}"),
            y.sum().alias(f"sy{name}"),
            (x * x).sum().alias(f"sxx{name}"),
            (x * y).sum().alias(f"sxy{name}"),
            (24 * (x.max() - x.min())).alias(f"span{name}"),
        ]
    late = hours >= -48
    rates = (value.filter(late).diff() / hours.filter(late).diff()).max()
    grouped = wide.group_by(KEY).agg(
        value.last().alias("last"),
        hours.last().alias("at"),
        pl.col("comparator").last(),
        pl.col("since").max().alias("highest"),
        rates.clip(lower_bound=0).alias("rise"),
        *sums,
    )
    start = known.filter((hours >= -168) & (hours <= 0)).group_by(KEY)
    start = start.agg(value.last().alias("baseline"))

    def slope(name: str) -> pl.Expr:
        n, sx, sy = (pl.col(f"{part}{name}") for part in ("n", "sx", "sy"))
        cross = pl.col(f"sxy{name}") - sx * sy / n
        ready = (n >= 2) & (pl.col(f"span{name}") >= SPAN)
        return pl.when(ready).then(cross / (pl.col(f"sxx{name}") - sx * sx / n))

    recent = pl.col("at") >= LANDMARK - 72
    joined = grouped.join(start, on=KEY, how="left").with_columns(
        slope("48h").alias("slope_48h"),
        slope("").alias("slope"),
        pl.when(recent).then("last").alias("last"),
        pl.when(recent).then((pl.col("comparator") > 0).cast(pl.Float64)).alias("above_limit"),
        pl.when(pl.col("at") >= 0).then(LANDMARK - pl.col("at")).alias("hours_since"),
        pl.col("n").alias("number"),
    )
    found = joined.with_columns(
        (pl.col("last").clip(lower_bound=FLOOR) / pl.col("baseline").clip(lower_bound=FLOOR)).alias(
            "fold"
        ),
        pl.when(pl.col("slope_48h") > 0).then(24 / pl.col("slope_48h")).alias("doubling"),
    )
    some = known.filter(pl.col("analyte").is_in(list(REBOUND)) & (hours >= 0))
    top = level.cum_max().shift(1)
    fallen = some.group_by(KEY).agg(
        (level.last() / level.filter(level <= top * FALL).min()).fill_null(1.0).alias("rebound"),
        pl.len().alias("of"),
    )
    fallen = fallen.select(*KEY, pl.when(pl.col("of") >= 2).then("rebound").alias("rebound"))
    ferritin = known.filter((pl.col("analyte") == "ferritin") & late)
    gap = hours.diff().over("patient")
    fast = value.diff().over("patient") / gap >= RATE
    steps = ferritin.select(*KEY, gap.alias("gap"), fast.alias("fast"))
    steps = steps.filter(pl.col("gap").is_not_null())
    steps = steps.with_columns((~pl.col("fast")).cum_sum().over("patient").alias("run"))
    runs = steps.group_by([*KEY, "run"]).agg((pl.col("gap") * pl.col("fast")).sum())
    rising = runs.group_by(KEY).agg(pl.col("gap").max().alias("hours_rising"))
    both = found.join(fallen, on=KEY, how="left").join(rising, on=KEY, how="left")
    return both.collect().to_pandas()


def by_duckdb(path: Path) -> pd.DataFrame:
    """DuckDB: window functions for the steps, then one grouping."""
    import duckdb

    recent, two_days = f"hours >= {LANDMARK - 72}", f"hours >= {LANDMARK - 48}"
    level = f"greatest(value, {FLOOR})"
    query = f"""
    WITH known AS (
        SELECT patient, analyte, hours, value, comparator,
            log2({level}) AS y, hours / 24 AS x,
            lag(hours) OVER draws AS hours_before, lag(value) OVER draws AS value_before
        FROM read_parquet('{path}') WHERE hours <= {LANDMARK}
        WINDOW draws AS (PARTITION BY patient, analyte ORDER BY hours)
    ), grouped AS (
        SELECT patient, analyte,
            arg_max(value, hours) FILTER ({recent}) AS last,
            arg_max(comparator, hours) FILTER ({recent}) AS comparator,
            arg_max(value, hours) FILTER (hours BETWEEN -168 AND 0) AS baseline,
            max(value) FILTER (hours >= 0) AS highest,
            CASE WHEN max(hours) FILTER ({two_days}) - min(hours) FILTER ({two_days}) >= {SPAN}
                THEN regr_slope(y, x) FILTER ({two_days}) END AS slope_48h,
            CASE WHEN max(hours) FILTER (hours >= 0) - min(hours) FILTER (hours >= 0) >= {SPAN}
                THEN regr_slope(y, x) FILTER (hours >= 0) END AS slope,
            greatest(max((value - value_before) / (hours - hours_before))
                FILTER (hours_before >= -48), CASE WHEN count(*) FILTER (hours_before >= -48) > 0
                THEN 0 END) AS rise,
            {LANDMARK} - max(hours) FILTER (hours >= 0) AS hours_since,
            count(*) FILTER (hours >= 0) AS number
        FROM known GROUP BY ALL
    ), levels AS (
        SELECT patient, analyte, hours, {level} AS level,
            max({level}) OVER (PARTITION BY patient, analyte ORDER BY hours
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS top
        FROM read_parquet('{path}')
        WHERE hours BETWEEN 0 AND {LANDMARK} AND analyte IN {REBOUND}
    ), rebounds AS (
        SELECT patient, analyte, CASE WHEN count(*) >= 2 THEN coalesce(arg_max(level, hours)
            / min(level) FILTER (level <= top * {FALL}), 1) END AS rebound
        FROM levels GROUP BY ALL
    ), steps AS (
        SELECT patient, analyte, hours, hours - hours_before AS gap,
            (value - value_before) / (hours - hours_before) >= {RATE} AS fast
        FROM known WHERE analyte = 'ferritin' AND hours_before >= -48
    ), runs AS (
        SELECT *, count(*) FILTER (NOT fast) OVER (PARTITION BY patient ORDER BY hours) AS run
        FROM steps
    ), rising AS (
        SELECT patient, analyte, max(total) AS hours_rising FROM (
            SELECT patient, analyte, sum(CASE WHEN fast THEN gap ELSE 0 END) AS total
            FROM runs GROUP BY patient, analyte, run) GROUP BY ALL
    )
    SELECT grouped.* EXCLUDE (comparator), (comparator > 0)::DOUBLE AS above_limit,
        greatest(last, {FLOOR}) / greatest(baseline, {FLOOR})
            * CASE WHEN last IS NOT NULL AND baseline IS NOT NULL THEN 1 END AS fold,
        CASE WHEN slope_48h > 0 THEN 24 / slope_48h END AS doubling, rebound, hours_rising
    FROM grouped LEFT JOIN rebounds USING (patient, analyte)
        LEFT JOIN rising USING (patient, analyte)
    """
    return duckdb.sql(query).df()


def by_pandas(path: Path) -> pd.DataFrame:
    """Pandas: one grouping of each window, on one integer key."""
    labs = pd.read_parquet(path, columns=COLUMNS)
    labs = labs[labs["hours"] <= LANDMARK]
    names = labs["analyte"].cat.categories
    labs["key"] = labs["patient"] * len(names) + labs["analyte"].cat.codes
    labs["level"] = np.maximum(labs["value"], FLOOR)
    labs["x"], labs["y"] = labs["hours"] / 24, np.log2(labs["level"])
    hours = labs["hours"]
    since = labs[hours >= 0]
    found = pd.DataFrame(index=np.sort(labs["key"].unique()))
    recent = labs[hours >= LANDMARK - 72].groupby("key")[["value", "comparator"]].last()
    found["last"] = recent["value"]
    found["above_limit"] = (recent["comparator"] > 0).astype(float)
    found["baseline"] = labs[hours.between(-168, 0)].groupby("key")["value"].last()
    found["fold"] = found["last"].clip(lower=FLOOR) / found["baseline"].clip(lower=FLOOR)
    found["highest"] = since.groupby("key")["value"].max()
    found["hours_since"] = LANDMARK - since.groupby("key")["hours"].last()
    found["number"] = since.groupby("key").size()
    found["number"] = found["number"].fillna(0)
    found["slope_48h"] = _slope(labs[hours >= LANDMARK - 48])
    found["slope"] = _slope(since)
    found["doubling"] = (24 / found["slope_48h"]).where(found["slope_48h"] > 0)
    late = labs[hours >= -48].sort_values("key", kind="stable")
    late["gap"] = late.groupby("key")["hours"].diff()
    late["rate"] = late.groupby("key")["value"].diff() / late["gap"]
    found["rise"] = late.groupby("key")["rate"].max().clip(lower=0)
    some = since[since["analyte"].isin(REBOUND)]
    top = some.groupby("key")["level"].cummax()
    low = some[some["level"] <= top * FALL].groupby("key")["level"].min()
    grouped = some.groupby("key")["level"]
    rebound = (grouped.last() / low).fillna(1.0).where(grouped.size() >= 2)
    found["rebound"] = rebound
    steps = late[(late["analyte"] == "ferritin") & late["gap"].notna()].copy()
    fast = steps["rate"] >= RATE
    steps["run"] = (~fast).groupby(steps["key"]).cumsum()
    steps["gap"] = steps["gap"].where(fast, 0.0)
    found["hours_rising"] = steps.groupby(["key", "run"])["gap"].sum().groupby("key").max()
    found["patient"] = found.index // len(names)
    found["analyte"] = names[found.index % len(names)]
    return found.reset_index(drop=True)


def _slope(labs: pd.DataFrame) -> pd.Series:
    grouped = labs.groupby("key")
    mean = grouped[["x", "y"]].transform("mean")
    x, y = labs["x"] - mean["x"], labs["y"] - mean["y"]
    parts = pd.DataFrame({"key": labs["key"], "xx": x * x, "xy": x * y}).groupby("key").sum()
    span = 24 * (grouped["x"].max() - grouped["x"].min())
    return (parts["xy"] / parts["xx"]).where(span >= SPAN)


PEERS = {"polars": by_polars, "DuckDB SQL": by_duckdb, "pandas": by_pandas}
