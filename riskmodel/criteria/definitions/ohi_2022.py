"""Definition ohi-2022: soluble IL-2 receptor and ferritin both high.

The limits and their sources stand in ohi_2022.toml.
"""

from riskmodel.criteria.definitions.build import assemble
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.signs.sign import read_lab_sign
from riskmodel.criteria.toml_table import Keys


def read(keys: Keys) -> Definition:
    """The definition of the keys of ohi_2022.toml.

    Raises
    ------
    SchemaError
        When a key is missing or mistyped.
    """
    tables = keys.table("signs")
    signs = tuple(read_lab_sign(name, tables.table(name)) for name in ("sil2r", "ferritin"))
    return assemble(keys, signs)
