"""Definition hlh-2004: five of eight criteria; NK activity is never assessable.

The limits and their sources stand in hlh_2004.toml. Cytopenias count as they stand: the criteria
know no recovery from lymphodepletion.
"""

from riskmodel.criteria.definitions.build import assemble
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.signs.cytopenia import read_count_sign
from riskmodel.criteria.signs.events import (
    read_event_sign,
    read_temperature_sign,
    read_unrecorded_sign,
)
from riskmodel.criteria.signs.sign import read_finding_sign, read_lab_sign
from riskmodel.criteria.toml_table import Keys


def read(keys: Keys) -> Definition:
    """The definition of the keys of hlh_2004.toml.

    Raises
    ------
    SchemaError
        When a key is missing or mistyped.
    """
    tables = keys.table("signs")
    signs = (
        read_temperature_sign("fever", tables.table("fever")),
        read_event_sign("splenomegaly", tables.table("splenomegaly")),
        read_count_sign("cytopenia_anc", tables.table("cytopenia_anc")),
        read_count_sign("cytopenia_hemoglobin", tables.table("cytopenia_hemoglobin")),
        read_count_sign("cytopenia_platelets", tables.table("cytopenia_platelets")),
        read_lab_sign("triglycerides", tables.table("triglycerides")),
        read_lab_sign("fibrinogen", tables.table("fibrinogen")),
        read_lab_sign("ferritin", tables.table("ferritin")),
        read_lab_sign("sil2r", tables.table("sil2r")),
        read_finding_sign("hemophagocytosis", tables.table("hemophagocytosis")),
        read_unrecorded_sign("nk_activity", tables.table("nk_activity")),
    )
    return assemble(keys, signs)
