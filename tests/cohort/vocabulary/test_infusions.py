"""Which record is an infusion, and the list of infusions."""

from pathlib import Path

import pandas as pd
import pytest

from riskmodel.cohort.rejections import Rejections
from riskmodel.cohort.vocabulary.clinical_names import fold_code
from riskmodel.cohort.vocabulary.infusions import infusion_codes, read_infusions
from riskmodel.cohort.vocabulary.mapping import CodeMapping
from riskmodel.cohort.vocabulary.products import find_product
from riskmodel.errors import SchemaError
from riskmodel.files import read_toml

CODES = infusion_codes(CodeMapping())


@pytest.mark.parametrize(
    ("code", "text", "product"),
    [
        ("XW033C3", "", ""),
        ("xw0 43c3", "", ""),
        ("ICD10PCS//XW033C3", "", ""),
        ("XW033C3", "Kymriah infusion", "tisagenlecleucel"),
        ("XW043J7", "", "tisagenlecleucel"),
        ("", "Axicabtagene ciloleucel 200 million cells", "axicabtagene ciloleucel"),
        ("XW033C", "", None),
        ("XW033C33", "", None),
        ("", "", None),
        ("99213", "office visit", None),
    ],
)
def test_codes_and_names(code: str, text: str, product: str | None) -> None:
    assert CODES.product_of(code=code, text=text) == product


def test_the_table_names_known_products_once_and_with_a_source(checkout: Path) -> None:
    table = read_toml(checkout / "riskmodel" / "cohort" / "vocabulary" / "infusions.toml")["code"]
    folded = [fold_code(entry["code"]) for entry in table]
    assert len(set(folded)) == len(folded)
    for entry in table:
        assert entry["source"]
        if entry["product"]:
            product = find_product(entry["product"])
            assert product is not None
            assert product.name == entry["product"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_list_is_read_and_its_bad_rows_rejected(tmp_path: Path, ending: str) -> None:
    table = pd.DataFrame(
        {
            "patient_id": ["1", None, "2", "3"],
            "infusion_time": ["2020-01-01T10:00", "2020-01-01", "soon", None],
            "ward": "a",
        }
    )
    path = tmp_path / f"list.{ending}"
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    rejections = Rejections()
    assert read_infusions(path, rejections)["patient_id"].tolist() == ["1"]
    reasons = sorted(rejections.frame()["reason"])
    assert reasons == ["patient_id_missing", "time_missing", "time_unreadable"]
    assert rejections.notes["unknown columns (not used)"] == {"infusions.ward": 1}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.csv", None, "does not exist"),
        ("x.txt", "patient_id,infusion_time\n", r"\.txt"),
        ("x.csv", "patient,infusion_time\n1,2020-01-01\n", "patient_id"),
        ("x.csv", "patient_id,infusion_time\n", "no usable row"),
        ("x.parquet", "nonsense", "Parquet"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(
    tmp_path: Path, name: str, text: str | None, told: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(SchemaError, match=told):
        read_infusions(tmp_path / name, Rejections())


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "Yescarta infusion rescheduled",
        "Yescarta infusion - no show",
        "Patient did not receive Kymriah infusion",
        "Kymriah Infusion verschoben",
        "Yescarta infusion bag label",
        "Line placement for Kymriah infusion",
        "Catheter placement for Abecma infusion",
        "Perfusion de Yescarta report\u00e9e",
    ],
)
def test_more_texts_about_an_infusion_that_are_none(text: str, given: bool) -> None:
    known = infusion_codes(CodeMapping())
    assert known.told((), text, given=given).passed_over
