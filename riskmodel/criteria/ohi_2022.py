"""Definition ohi-2022: soluble IL-2 receptor and ferritin both high.

The limits and their sources stand in ohi_2022.toml.
"""

from riskmodel.criteria.assembly import assemble
from riskmodel.criteria.definition import Definition
from riskmodel.criteria.keys import Keys
from riskmodel.criteria.signs import read_lab_sign


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
