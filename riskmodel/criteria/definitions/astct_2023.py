"""Definition astct-2023: ferritin, and a number of the most common manifestations.

The limits and their sources stand in astct_2023.toml. The number is not in print: it is the
operational rule of the label rows, and `Definition.with_count` gives the definition with another.
"""

from riskmodel.criteria.definitions.build import assemble
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.grading import read_intervention_grading
from riskmodel.criteria.signs.cytopenia import read_cytopenia_sign, read_switch
from riskmodel.criteria.signs.fold_change import read_low_sign, read_relative_sign
from riskmodel.criteria.signs.sign import read_finding_sign
from riskmodel.criteria.toml_table import Keys

_LINEAGES = ("cytopenia_anc", "cytopenia_hemoglobin", "cytopenia_platelets")


def read(keys: Keys) -> Definition:
    """The definition of the keys of astct_2023.toml.

    Raises
    ------
    SchemaError
        When a key is missing or mistyped.
    """
    switch = read_switch(keys.table("cytopenia_switch"))
    tables = keys.table("signs")
    signs = (
        read_relative_sign("ferritin", tables.table("ferritin")),
        read_relative_sign("transaminases", tables.table("transaminases")),
        read_low_sign("fibrinogen", tables.table("fibrinogen")),
        read_finding_sign("hemophagocytosis", tables.table("hemophagocytosis")),
    )
    return assemble(
        keys,
        signs,
        lineages=tuple(read_cytopenia_sign(name, tables.table(name), switch) for name in _LINEAGES),
        switch=switch,
        grade=read_intervention_grading(keys.table("grades")).grade,
    )
