"""Simulated cohorts: form, folder, repeatability, worlds."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from riskmodel.cohort.vocabulary.products import find_product
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml
from riskmodel.simulation import cohort as cohort_module, draw_cohort, simulate, worlds
from riskmodel.simulation.risk import Risk
from riskmodel.simulation.settings import settings


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_seed_same_bytes_and_another_seed_other_bytes(tmp_path, file_format):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(tmp_path / name, patients=40, seed=seed, file_format=file_format)
    files = {f"patients.{file_format}", f"labs.{file_format}", f"events.{file_format}", "truth.csv"}
    assert {p.name for p in (tmp_path / "a").iterdir()} == files
    for name in files:
        first = (tmp_path / "a" / name).read_bytes()
        assert first == (tmp_path / "b" / name).read_bytes()
        assert first != (tmp_path / "c" / name).read_bytes()


def test_formats_hold_the_same_table(tmp_path):
    simulate(tmp_path / "c", patients=30, seed=1)
    simulate(tmp_path / "p", patients=30, seed=1, file_format="parquet")
    text = pd.read_csv(tmp_path / "c" / "labs.csv", dtype={"value": str})
    stored = pd.read_parquet(tmp_path / "p" / "labs.parquet")
    assert text["value"].tolist() == stored["value"].tolist()
    assert np.array_equal(text["hours_from_infusion"], stored["hours_from_infusion"])


def test_earlier_cohort_is_replaced_and_another_folder_is_left_alone(tmp_path):
    out = tmp_path / "cohort"
    simulate(out, patients=5, seed=1)
    simulate(out, patients=6, seed=1)
    assert len(pd.read_csv(out / "truth.csv")) == 6
    (out / "truth.csv").unlink()
    with pytest.raises(SchemaError, match=r"no truth\.csv"):
        simulate(out, patients=5, seed=1)
    assert len(pd.read_csv(out / "patients.csv")) == 6
    assert [p.name for p in tmp_path.iterdir()] == ["cohort"]


def test_empty_folder_is_filled_and_file_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    simulate(tmp_path / "empty", patients=1, seed=0)
    assert (tmp_path / "empty" / "labs.csv").is_file()
    (tmp_path / "file").write_text("kept")
    with pytest.raises(SchemaError, match="is a file"):
        simulate(tmp_path / "file", patients=1, seed=0)
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"patients": 0}, "0 patients"),
        ({"patients": -3}, "-3 patients"),
        ({"seed": -1}, "Seed -1"),
        (
            {"world": "mars"},
            "Allowed: literature, perturbed, interaction, shifted, null, contrary, autoimmune",
        ),
        ({"products": ["aspirin"]}, "Product 'aspirin'.*axi-cel"),
        ({"products": []}, "No product"),
        ({"world": "autoimmune", "products": ["axi-cel"]}, "Product 'axi-cel'"),
        ({"file_format": "xlsx"}, "Allowed: csv, parquet"),
    ],
)
def test_refusals_are_one_sentence_and_write_nothing(tmp_path, arguments, message):
    with pytest.raises(SchemaError, match=message):
        simulate(tmp_path / "out", **{"patients": 3, "seed": 1, **arguments})
    assert list(tmp_path.iterdir()) == []


def test_truth_columns_and_meaning(cohort):
    truth = cohort.truth
    assert list(truth.columns[:5]) == [
        "patient_id", "p_true", "p_baseline", "event", "onset_hours"
    ]  # fmt: skip
    assert all(name.startswith("latent_") for name in truth.columns[5:])
    assert truth[["p_true", "p_baseline"]].to_numpy().min() >= 0
    assert truth[["p_true", "p_baseline"]].to_numpy().max() < 1
    assert (truth.loc[truth["event"] == 1, "onset_hours"] < 336).all()
    assert (truth.loc[truth["event"] == 1, "onset_hours"] >= 0).all()
    assert (truth["onset_hours"] >= 336).any()


def test_latent_factors_give_back_the_true_risk(cohort):
    chosen = settings("literature")
    risk = Risk(chosen)
    truth = cohort.truth
    z = truth[[f"latent_{name}" for name in chosen.factors]].to_numpy()
    assert np.allclose(z.mean(axis=0), 0, atol=0.15)
    assert np.allclose(np.corrcoef(z.T), chosen.correlation, atol=0.12)
    shown = cohort.patients["tet2_mutation"] != ""
    recorded = cohort.patients.loc[shown, "tet2_mutation"].astype(int)
    assert (recorded == truth.loc[shown, "latent_tet2"]).all()
    k = [p["name"] for p in chosen.populations].index("ide-cel MM")
    rows = np.flatnonzero(cohort.patients["product"].isin(chosen.populations[k]["names"]))
    population = np.full(len(rows), k)
    tet2 = truth["latent_tet2"].to_numpy(dtype=float)[rows]
    log_odds = risk.offsets(population, tet2, np.zeros(len(rows)))
    log_odds = log_odds + (risk.slopes(population, tet2) * z[rows]).sum(axis=1)
    expected = expit(log_odds) * risk.before_horizon[k]
    assert len(rows) > 50
    assert np.allclose(truth["p_true"].to_numpy()[rows], expected, rtol=1e-3)


def test_other_processes_write_the_same_bytes(tmp_path):
    script = (
        "import sys; from pathlib import Path; from riskmodel.training import simulate; "
        "simulate(Path(sys.argv[1]), patients=60, seed=9, world='perturbed')"
    )
    for name, hash_seed in (("a", "1"), ("b", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", script, str(tmp_path / name)]
        subprocess.run(command, check=True, env=environment, timeout=120)
    simulate(tmp_path / "c", patients=60, seed=9, world="perturbed")
    for file in ("patients.csv", "labs.csv", "events.csv", "truth.csv"):
        first = (tmp_path / "a" / file).read_bytes()
        assert first == (tmp_path / "b" / file).read_bytes()
        assert first == (tmp_path / "c" / file).read_bytes()


def test_ten_thousand_patients_take_under_a_minute(tmp_path):
    start = time.process_time()
    simulate(tmp_path / "cohort", patients=1500, seed=2)
    assert (time.process_time() - start) * 10_000 / 1500 < 60


def test_every_constant_is_used_and_has_a_source():
    folder = Path(cohort_module.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    constants = read_toml(folder / "tables" / "constants.toml")
    # Their keys are names of columns, signs, analytes and events.
    by_name = {"missing", "signs", "effects", "panels", "marrow"}
    for section, table in constants.items():
        for part in table.values() if section == "marrow" else [table]:
            assert part["source"], section
        for key in set(table) - {"source", "unverified"}:
            # a suffix may be put to a name in the code: f"{drug}_case_wait"
            ends = [key, *(key[i:] for i in range(len(key)) if key[i] == "_")]
            assert section in by_name or any(f'{end}"' in code for end in ends), (section, key)
    for name, table in read_toml(folder / "tables" / "analytes.toml").items():
        assert table["source"], name
    for kind in read_toml(folder / "tables" / "measures.toml").values():
        assert all(table["source"] for table in kind.values())
    for population in read_toml(folder / "tables" / "populations.toml")["population"]:
        assert population["incidence_source"]
        assert population["onset"]["source"]


def test_products_restrict_the_mix_by_any_name():
    for names, products in (
        (["Carvykti"], {"ciltacabtagene autoleucel"}),
        (["axi-cel", "Abecma"], {"axicabtagene ciloleucel", "idecabtagene vicleucel"}),
    ):
        drawn = draw_cohort(60, 1, products=names)
        assert {find_product(p).name for p in drawn.patients["product"]} == products
    assert set(draw_cohort(30, 1, products=["CD22"]).patients["target_antigen"]) == {"CD22"}


@pytest.mark.parametrize("world", worlds())
@pytest.mark.parametrize("patients", [1, 2])
def test_tiny_cohorts_can_be_drawn_in_every_world(world, patients):
    assert len(draw_cohort(patients, 2, world).patients) == patients


def test_shifted_writes_si_units_and_fewer_results(cohort):
    shifted = draw_cohort(400, 7, "shifted")
    units = shifted.labs.groupby("analyte")["unit"].agg(set)
    assert units["fibrinogen"] == {"g/L"}
    assert units["creatinine"] == {"umol/L"}
    assert units["hemoglobin"] == {"g/L"}
    assert units["crp"] == {"mg/dL"}
    ferritin = [(t.labs["analyte"] == "ferritin").sum() for t in (shifted, cohort)]
    assert ferritin[0] / 400 < 0.95 * ferritin[1] / 1200
    assert (shifted.patients == "").mean().mean() > (cohort.patients == "").mean().mean()
    fibrinogen = shifted.labs[shifted.labs["analyte"] == "fibrinogen"]
    assert 2 < pd.to_numeric(fibrinogen["value"], errors="coerce").median() < 6


def test_autoimmune_has_no_event_and_no_risk():
    drawn = draw_cohort(500, 3, "autoimmune")
    assert set(drawn.patients["disease"]) == {"SLE", "SSc", "IIM"}
    assert (drawn.truth[["p_true", "p_baseline", "event"]] == 0).all().all()
    assert drawn.truth["onset_hours"].isna().all()
    assert "iec_hs" not in set(drawn.events["event"])
