"""Definition prwcc-2023: a ferritin peak within 30 days and two of five signs.

The limits and their sources stand in prwcc_2023.toml.
"""

from riskmodel.criteria.definitions.build import assemble
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.signs.baseline import read_defaults
from riskmodel.criteria.signs.events import read_event_sign
from riskmodel.criteria.signs.fold_change import read_relative_sign
from riskmodel.criteria.signs.peaks import PeakSign, read_window
from riskmodel.criteria.signs.sign import read_finding_sign, read_lab_sign
from riskmodel.criteria.toml_table import Keys


def read(keys: Keys) -> Definition:
    """The definition of the keys of prwcc_2023.toml.

    Raises
    ------
    SchemaError
        When a key is missing or mistyped.
    """
    defaults = read_defaults(keys.table("default_uln"))
    tables = keys.table("signs")
    window = read_window(tables.table("ferritin_window"))
    ferritin = read_lab_sign("ferritin", tables.table("ferritin"))
    signs = (
        PeakSign(ferritin, window),
        read_relative_sign("liver", tables.table("liver"), defaults),
        read_relative_sign("kidney", tables.table("kidney"), defaults),
        read_event_sign("lung", tables.table("lung")),
        read_lab_sign("fibrinogen", tables.table("fibrinogen")),
        read_finding_sign("hemophagocytosis", tables.table("hemophagocytosis")),
    )
    return assemble(keys, signs)
