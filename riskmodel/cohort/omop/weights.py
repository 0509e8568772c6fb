"""Body weights of an OMOP observation table."""

from collections.abc import Sequence

import pandas as pd

from riskmodel.cohort.omop.concepts import Concepts
from riskmodel.cohort.omop.rows import meaning, moment
from riskmodel.cohort.omop.source import Where
from riskmodel.cohort.omop.tables import Tables
from riskmodel.cohort.source.body_weight import WEIGHT


def observed_weights(tables: Tables, concepts: Concepts, people: Sequence[str]) -> pd.DataFrame:
    """Charted results named `WEIGHT` of the observation table, in the columns of the labs."""
    names = ["patient_id", "time", "analyte", "value", "comparator", "unit"]
    if not tables.has("observation", "person_id", "observation_concept_id"):
        return pd.DataFrame({name: pd.Series(dtype="str") for name in names})
    ids = [str(key) for key, analyte in concepts.analyte_ids().items() if analyte == WEIGHT]
    codes = [code for code, analyte in concepts.analyte_codes().items() if analyte == WEIGHT]
    where = Where(
        among={
            "observation_concept_id": ids,
            "observation_source_concept_id": ids,
            "observation_source_value": [code.upper() for code in codes],
        }
    )
    columns = ["person_id", "observation_datetime", "observation_date", "value_as_number"]
    columns += ["value_as_string", "unit_concept_id", "unit_source_value", "unit_source_concept_id"]
    rows = tables.read("observation", columns, where=where, people=people)

    def spelling(pair: tuple[int, int], source: str) -> str:
        return concepts.unit(WEIGHT, pair[0], source, True)[0]

    value = rows["value_as_number"].where(rows["value_as_number"].notna(), rows["value_as_string"])
    return pd.DataFrame(
        {
            "patient_id": rows["person_id"],
            "time": moment(rows, "observation"),
            "analyte": WEIGHT,
            "value": value,
            "comparator": "",
            "unit": meaning(rows, "unit", spelling),
        }
    )
