"""Definition mas-l-2020: a rapid rise of ferritin, and low fibrinogen or high LDH at some time.

The limits and their sources stand in mas_l_2020.toml.
"""

from riskmodel.criteria.definitions.build import assemble
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.signs.fold_change import read_relative_sign, read_rise_sign
from riskmodel.criteria.signs.peaks import PeakSign, read_window
from riskmodel.criteria.signs.sign import read_lab_sign
from riskmodel.criteria.toml_table import Keys


def read(keys: Keys) -> Definition:
    """The definition of the keys of mas_l_2020.toml.

    Raises
    ------
    SchemaError
        When a key is missing or mistyped.
    """
    course, tables = read_window(keys.table("course")), keys.table("signs")
    rise = read_rise_sign("ferritin_rise", tables.table("ferritin_rise"))
    fibrinogen = read_lab_sign("fibrinogen", tables.table("fibrinogen"))
    ldh = read_relative_sign("ldh", tables.table("ldh"))
    signs = (
        PeakSign(rise, course, first_counts=False),
        PeakSign(fibrinogen, course),
        PeakSign(ldh, course),
    )
    return assemble(keys, signs)
