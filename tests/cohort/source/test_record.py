"""Public reports of other people's exports, one folder a case, each with its right answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from riskmodel.cohort import Cohort, read_fhir, read_meds, read_omop
from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.source.record import note_files, note_unread
from riskmodel.cohort.source.zones import CHECK
from riskmodel.errors import SchemaError


@pytest.fixture(scope="session")
def cases(shared_data: Path) -> Path:
    folder = shared_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases in '{folder}'")
    return folder


def ferritin(cohort: Cohort) -> list[tuple[float, float, int]]:
    rows = cohort.labs[(cohort.labs["analyte"] == "ferritin").to_numpy()]
    return list(zip(rows["hours"].round(6), rows["value"], rows["comparator"], strict=True))


def reasons(cohort: Cohort) -> list[str]:
    return sorted(cohort.rejected["reason"])


@pytest.mark.parametrize(
    ("name", "read", "passed"),
    [
        ("fhir_consult.json", read_fhir, 1),
        ("fhir_cpt.json", read_fhir, 1),
        ("fhir_leuk.json", read_fhir, 1),
        ("fhir_thaw.json", read_fhir, 2),
        ("omop", read_omop, 2),
        ("meds", read_meds, 1),
    ],
)
def test_collection_and_consultation_are_no_infusion(
    cases: Path, name: str, read: Callable[[Path], Cohort], passed: int
) -> None:
    cohort = read(cases / "apheresis_as_infusion" / name)
    assert ferritin(cohort) == [(-4, 600, 0), (116, 9000, 0)]
    assert cohort.events.empty
    assert cohort.patients["prior_car_t"].isna().all()
    assert reasons(cohort) == ["not_an_infusion"] * passed
    told = cohort.infusions["decision"]
    assert (told == "hour 0").sum() == 1
    assert told.str.startswith("passed over: ").sum() == passed


def test_results_inside_a_report(cases: Path) -> None:
    cohort = read_fhir(cases / "contained_observations" / "src")
    assert ferritin(cohort) == [(-4, 600, 0), (92, 12000, 0)]


def test_other_specimens_of_fhir(cases: Path) -> None:
    cohort = read_fhir(cases / "csf_wbc" / "fhir.json")
    assert cohort.labs[["analyte", "value"]].to_numpy().tolist() == [["wbc", 1.5]]
    assert reasons(cohort) == ["not_blood"] * 3


def test_treatments_of_the_day_of_the_infusion_come_after_it(cases: Path) -> None:
    cohort = read_omop(cases / "day0_treatments" / "src")
    assert (cohort.events["hours"] > 0).all()
    assert cohort.events["event"].tolist() == ["corticosteroid", "tocilizumab"]
    assert ferritin(cohort) == [(-4, 600, 0)]


def test_bounds_of_fhir(cases: Path) -> None:
    cohort = read_fhir(cases / "fhir_bounds" / "src")
    found = {round(hours): (value, sign) for hours, value, sign in ferritin(cohort)}
    for hour in (39, 40, 43, 44, 45, 46):
        assert found[hour] == (40000, 2), hour
    assert (found[47], found[48]) == ((1200, 0), (600, 0))
    assert found[56] == (600, 2)  # the note says >600
    assert not set(found) & {42, 49, 51, 55, 57, 58, 59, 60, 61}
    assert len(cohort.labs) + len(cohort.rejected) == 23


@pytest.mark.parametrize("name", ["bulk", "history.json"])
def test_deleted_results_are_gone(cases: Path, name: str) -> None:
    cohort = read_fhir(cases / "fhir_deleted" / name)
    assert [value for _, value, _ in ferritin(cohort)] == [800, 900]
    assert cohort.notes["deleted at the source, with every version"] == {"Observation": 1}
    assert cohort.notes["results deleted at the source"] == {"labs": 1}


def test_only_normal_ranges_are_limits(cases: Path) -> None:
    cohort = read_fhir(cases / "fhir_reference_range_type" / "src")
    high = cohort.labs["reference_high"].tolist()
    assert [high[0], high[1], high[2], high[5]] == [35] * 4
    assert pd.isna(high[4])


def test_a_local_list_beside_utc_records(cases: Path) -> None:
    top = cases / "list_local_records_utc"
    listed = top / "infusions.csv"
    read = read_fhir(top / "utc", infusions=listed, timezone="America/Chicago")
    assert ferritin(read)[:2] == [(-2, 600, 0), (1, 9000, 0)]
    assert "--timezone" in next(iter(read_fhir(top / "utc", infusions=listed).notes[CHECK]))
    mixed = read_fhir(top / "mixed", infusions=listed)
    assert ferritin(mixed)[:2] == [(-2, 600, 0), (1, 9000, 0)]


@pytest.mark.parametrize(
    "name", ["ok", "cat", "catlarge", "f64", "i32", "ms", "ns", "s", "view", "tz", "dec"]
)
def test_types_of_meds_columns(cases: Path, name: str) -> None:
    cohort = read_meds(cases / "meds_types" / name)
    assert ferritin(cohort) == [(44, 600, 0)]


def test_dates_of_meds_are_days(cases: Path) -> None:
    cohort = read_meds(cases / "meds_types" / "date32")
    assert [value for _, value, _ in ferritin(cohort)] == [600]
    assert sum(cohort.notes["date without a time of day, read as midnight"].values()) >= 1


def test_quirks_of_meds(cases: Path) -> None:
    cohort = read_meds(cases / "meds_types" / "quirks")
    found = {round(hours): (value, sign) for hours, value, sign in ferritin(cohort)}
    assert found[48] == (40000, 2)
    assert (found[46], found[47]) == ((8.2, -2), (8.2, -2))
    counts = cohort.labs[cohort.labs["hours"].isin((57, 58, 59)).to_numpy()]
    assert counts["analyte"].tolist() == ["anc", "alc", "wbc"]
    assert "value_sentinel" in reasons(cohort)


def test_gzipped_lines_are_read_and_other_files_named(cases: Path) -> None:
    cohort = read_fhir(cases / "ndjson_gz" / "src")
    assert ferritin(cohort) == [(-4, 600, 0)]
    assert any("Observation-0-of-1" in told for told in cohort.notes[CHECK])


def test_bounds_in_the_texts_of_omop(cases: Path) -> None:
    cohort = read_omop(cases / "omop_bound_text" / "src")
    found = cohort.labs[["analyte", "value", "comparator"]].to_numpy().tolist()
    assert sorted(found) == [
        ["ferritin", 2000, 2], ["ferritin", 7500, 2], ["ferritin", 40000, 2],
        ["ferritin", 40000, 2], ["ferritin", 40000, 2], ["il6", 5, -2], ["il6", 1000, 2],
    ]  # fmt: skip
    assert reasons(cohort) == ["value_conflict"] * 2


def test_a_clock_beside_a_midnight(cases: Path) -> None:
    cohort = read_omop(cases / "omop_midnight_datetime" / "src")
    assert ferritin(cohort) == [(4.5, 600, 0), (46, 700, 0), (62, 800, 0)]
    assert cohort.notes["date without a time of day, read as midnight"]["labs"] == 1


def test_zoned_columns_of_parquet(cases: Path) -> None:
    cohort = read_omop(cases / "omop_parquet_tz" / "src")
    assert ferritin(cohort) == [(-2, 600, 0), (48, 700, 0)]
    events = dict(zip(cohort.events["event"], cohort.events["hours"], strict=True))
    assert events == {"tocilizumab": 48, "death": 792}
    assert cohort.rejected.empty


def test_months_are_no_days(cases: Path) -> None:
    cohort = read_omop(cases / "partial_dates" / "omop")
    charted = pd.read_csv(cases / "partial_dates" / "omop" / "measurement.csv")
    assert len(cohort.labs) + len(cohort.rejected) == len(charted)
    assert set(reasons(cohort)) <= {"time_unreadable", "time_not_a_day"}
    with pytest.raises(SchemaError, match="no usable row"):
        read_omop(
            cases / "partial_dates" / "omop", infusions=cases / "partial_dates" / "infusions.csv"
        )


def test_offsets_as_postgresql_writes_them(cases: Path) -> None:
    assert ferritin(read_omop(cases / "postgres_offset" / "d_omop")) == [(24, 600, 0), (95, 700, 0)]
    cohort = read_fhir(cases / "postgres_offset" / "e_fhir")
    assert ferritin(cohort) == [(44, 600, 0)]
    assert reasons(cohort) == ["time_unreadable", "time_zone_mismatch"]


def test_a_sentinel_beside_a_bound(cases: Path) -> None:
    cohort = read_omop(cases / "sentinel_9999999" / "omop")
    found = cohort.labs[["value", "comparator"]].to_numpy().tolist()
    assert sorted(found) == [[5000, 2], [7500, 2]]
    assert reasons(cohort) == ["value_sentinel"]


def test_what_was_not_read_is_named() -> None:
    own = Rejections()
    unread: dict[str, Any] = {f"LAB//{k}": k for k in range(1, 60)}
    note_unread(own, {**unread, "DRUG//x": 99}, lambda code: code.startswith("LAB"))
    counted = own.notes["results of other codes (not used)"]
    assert sum(counted.values()) == sum(unread.values()) + 99
    assert "other codes" in counted
    (told,) = own.notes[CHECK]
    assert "LAB//59 59" in told
    assert "DRUG" not in told
    note_files(own, [Path("/a/b\n.txt")], Path("/a"))
    assert "files that were not read: b?.txt" in own.notes[CHECK]


def test_results_that_may_be_a_correction_are_told(tmp_path: Path) -> None:
    tables = {
        "person": "person_id,gender_concept_id\n1,8532\n2,8532\n",
        "procedure_occurrence": "person_id,procedure_concept_id,procedure_datetime,"
        "procedure_source_value\n1,0,2024-05-10 10:00:00,XW033C3\n"
        "2,0,2024-05-10 10:00:00,XW033C3\n",
        "measurement": "measurement_id,person_id,measurement_concept_id,measurement_datetime,"
        "value_as_number,unit_source_value\n1,1,3001122,2024-05-12 10:00:00,900,ng/mL\n"
        "2,1,3001122,2024-05-12 10:00:00,9000,ng/mL\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    told = read_omop(tmp_path).notes[CHECK]
    assert {count for text, count in told.items() if "correction" in text} == {2}
    assert {count for text, count in told.items() if "(first: '2')" in text} == {1}
