"""Definition astct-2024: macrophage activation and cytopenias, during or after the infusion.

The limits and their sources stand in astct_2024.toml.
"""

from riskmodel.criteria.definitions.build import assemble
from riskmodel.criteria.definitions.definition import Definition
from riskmodel.criteria.grading import read_grading
from riskmodel.criteria.signs.cytopenia import read_cytopenia_sign, read_switch
from riskmodel.criteria.signs.ferritin import read_ferritin_sign
from riskmodel.criteria.signs.sign import read_finding_sign, read_lab_sign, read_uln_sign
from riskmodel.criteria.toml_table import Keys

_LINEAGES = ("cytopenia_anc", "cytopenia_hemoglobin", "cytopenia_platelets")


def read(keys: Keys) -> Definition:
    """The definition of the keys of astct_2024.toml.

    Raises
    ------
    SchemaError
        When a key is missing or mistyped.
    """
    switch = read_switch(keys.table("cytopenia_switch"))
    tables = keys.table("signs")
    signs = (
        read_ferritin_sign("ferritin", tables.table("ferritin")),
        read_uln_sign("transaminases", tables.table("transaminases")),
        read_lab_sign("fibrinogen", tables.table("fibrinogen")),
        read_lab_sign("triglycerides", tables.table("triglycerides")),
        read_finding_sign("hemophagocytosis", tables.table("hemophagocytosis")),
    )
    return assemble(
        keys,
        signs,
        lineages=tuple(read_cytopenia_sign(name, tables.table(name), switch) for name in _LINEAGES),
        switch=switch,
        grade=read_grading(keys.table("grades")).grade,
    )
