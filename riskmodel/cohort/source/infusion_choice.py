"""Which infusion of a patient is hour 0."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.vocabulary.infusions import INFUSION_COLUMNS, plain_text, same_infusion_days
from riskmodel.cohort.written.times import parse_times


@dataclass(frozen=True)
class Chosen:
    """Hour 0 of every patient, and the other infusions.

    Attributes
    ----------
    patients : DataFrame
        ``patient_id, infusion_time, product, prior_car_t``, one row per patient: text, and
        ``1`` or empty for ``prior_car_t``. Sorted by patient (numbers by value).
    events : DataFrame
        ``patient_id, event, time, value``: a ``new_cell_therapy`` for every later infusion.
    """

    patients: pd.DataFrame
    events: pd.DataFrame


def _prepared(records: pd.DataFrame, listed: bool) -> pd.DataFrame:
    table = pd.DataFrame(
        {name: plain_text(records[name]) for name in INFUSION_COLUMNS},
        columns=list(INFUSION_COLUMNS),
    )
    instant, _, dated = parse_times(table["infusion_time"])
    day = instant.astype("datetime64[D]")
    midnight = dated | (instant == day)
    return table.assign(instant=instant, day=day, midnight=midnight, listed=listed)


def _order(ids: pd.Series) -> pd.Series:
    number = pd.to_numeric(ids, errors="coerce")
    return number if bool(number.notna().all()) else ids


def choose_infusions(
    records: pd.DataFrame, listed: pd.DataFrame | None, rejections: Rejections
) -> Chosen:
    """Choose hour 0 of every patient.

    A list, where given, says who belongs to the cohort and when hour 0 is: the first listed
    infusion of each patient. Without a list it is the first infusion in the record. Records
    within `same_infusion_days` of the one before belong to the same infusion. Of records on the
    day of hour 0 the first that holds a time of day gives the time: a date alone reads as
    midnight, before that day's samples. The product is the first named on that day. Infusions
    after hour 0 become ``new_cell_therapy`` events, infusions before it set ``prior_car_t``.

    Parameters
    ----------
    records, listed : DataFrame
        ``patient_id, infusion_time, product``, times as ISO 8601 text.
    rejections : Rejections
        Gets recorded infusions whose time cannot be read, and counts.

    Returns
    -------
    Chosen
    """
    found = _prepared(records, False)
    unread = found["instant"].isna().to_numpy()
    ids = found["patient_id"]
    rejections.add("patients", unread, ids, "time_unreadable", column="infusion_time")
    found = found[~unread]
    if listed is not None:
        wanted = _prepared(listed, True)
        outside = ~found["patient_id"].isin(set(wanted["patient_id"]))
        count = found.loc[outside, "patient_id"].nunique()
        rejections.note("patients with a recorded infusion, not in the list", "patients", count)
        found = pd.concat([wanted, found[~outside]], ignore_index=True)
    if found.empty:
        names = ([*INFUSION_COLUMNS, "prior_car_t"], ["patient_id", "event", "time", "value"])
        return Chosen(*(pd.DataFrame({n: [] for n in table}, dtype="str") for table in names))
    found = found.assign(order=_order(found["patient_id"])).sort_values(
        ["order", "instant"], kind="stable", ignore_index=True
    )
    start = found[found["listed"]] if listed is not None else found
    index_day = start.groupby("patient_id", sort=False)["day"].min()
    found["index_day"] = found["patient_id"].map(index_day)
    found["of_list"] = listed is not None
    same_day = found[(found["day"] == found["index_day"]) & (found["listed"] == found["of_list"])]
    timed = same_day.sort_values(["order", "midnight", "instant"], kind="stable")
    chosen = timed.drop_duplicates("patient_id").set_index("patient_id")
    named = found[(found["day"] == found["index_day"]) & found["product"].notna()]
    named = named.sort_values(["order", "listed"], ascending=[True, False], kind="stable")
    product = named.drop_duplicates("patient_id").set_index("patient_id")["product"]
    rejections.note(
        "infusion without a time of day, read as midnight",
        "patients",
        int(chosen["midnight"].sum()),
    )
    window = np.timedelta64(same_infusion_days(), "D")
    zero = found["patient_id"].map(chosen["instant"])
    gap = found["instant"] - zero
    before = found[gap < -window]
    after = found[gap > window].copy()
    rejections.note(
        "records of one infusion merged",
        "patients",
        len(found) - len(before) - len(after) - len(chosen),
    )
    again = after.groupby("patient_id", sort=False)["instant"].diff()
    later = after[~(again <= window)]
    patients = pd.DataFrame(
        {
            "patient_id": chosen.index,
            "infusion_time": chosen["infusion_time"].to_numpy(),
            "product": product.reindex(chosen.index).to_numpy(),
            "prior_car_t": chosen.index.isin(set(before["patient_id"])).astype("int8"),
        }
    )
    flag = patients["prior_car_t"].astype("str")
    patients["prior_car_t"] = flag.mask(flag == "0")
    events = pd.DataFrame(
        {
            "patient_id": later["patient_id"].to_numpy(),
            "event": "new_cell_therapy",
            "time": later["infusion_time"].to_numpy(),
            "value": later["product"].to_numpy(),
        }
    )
    return Chosen(patients, events)


def decisions(
    records: pd.DataFrame, listed: pd.DataFrame | None, patients: pd.DataFrame
) -> pd.DataFrame:
    """What became of each record about an infusion, of the patients of a cohort.

    Parameters
    ----------
    records : DataFrame
        ``patient_id, time, value`` (the product), ``refusal, passed_over, source``.
    listed : DataFrame or None
        ``patient_id, infusion_time, product`` of a list.
    patients : DataFrame
        ``patient_id, infusion_time`` as chosen.

    Returns
    -------
    DataFrame
        ``patient_id, infusion_time, product, source, decision``, by patient and time.
    """
    columns = {"time": "infusion_time", "value": "product"}
    found = records.rename(columns=columns)
    if listed is not None:
        given = listed.assign(source="list", refusal="", passed_over="")
        found = pd.concat([given, found], ignore_index=True)
    zero = patients.drop_duplicates("patient_id").set_index("patient_id")["infusion_time"]
    found = found[found["patient_id"].isin(zero.index)].reset_index(drop=True)
    instant = parse_times(found["infusion_time"])[0]
    start = parse_times(found["patient_id"].map(zero))[0]
    days = (instant - start) / np.timedelta64(1, "D")
    window = same_infusion_days()
    decision = np.select(
        [days == 0, days > window, days < -window],
        ["hour 0", "later: new_cell_therapy", "earlier: prior_car_t"],
        "same infusion",
    )
    refusal = found["refusal"].fillna("").to_numpy(dtype=object)
    passed = found["passed_over"].fillna("").to_numpy(dtype=object)
    told = np.where(passed == "", "not used: " + refusal, "passed over: " + passed)
    decision = np.where((refusal == "") & ~np.isnan(days), decision, told)
    found = found.assign(decision=decision, instant=instant)
    found = found.sort_values(["patient_id", "instant"], kind="stable", ignore_index=True)
    return found[["patient_id", "infusion_time", "product", "source", "decision"]]
