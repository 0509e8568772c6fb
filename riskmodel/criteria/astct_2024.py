"""Definition astct-2024: macrophage activation and cytopenias, during or after the infusion.

The limits and their sources stand in astct_2024.toml.
"""

from functools import partial

from riskmodel.cohort.schema import Cohort
from riskmodel.criteria.cytopenia import (
    CYTOPENIA_RULES,
    CytopeniaSign,
    read_cytopenia_sign,
    read_switch,
)
from riskmodel.criteria.definition import Definition, read_exclusion, read_parts
from riskmodel.criteria.ferritin import FerritinSign, read_ferritin_sign
from riskmodel.criteria.grading import read_grading
from riskmodel.criteria.keys import Keys
from riskmodel.criteria.signs import (
    FindingSign,
    LabSign,
    Sign,
    read_finding_sign,
    read_lab_sign,
    read_uln_sign,
)

_LINEAGES = ("cytopenia_anc", "cytopenia_hemoglobin", "cytopenia_platelets")


def _judge(
    signs: tuple[FerritinSign | LabSign | FindingSign, ...],
    lineages: tuple[CytopeniaSign, ...],
    cohort: Cohort,
    cytopenia_rule: str,
) -> tuple[Sign, ...]:
    return (
        *(sign.judge(cohort) for sign in signs),
        *(lineage.judge(cohort, cytopenia_rule) for lineage in lineages),
    )


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
    lineages = tuple(read_cytopenia_sign(name, tables.table(name), switch) for name in _LINEAGES)
    names = (*(sign.name for sign in signs), *_LINEAGES)
    limits = (*(sign.thresholds for sign in signs), *(sign.thresholds for sign in lineages))
    others = tuple(rule for rule in CYTOPENIA_RULES if rule != switch.default)
    onset = keys.table("onset")
    onset.text("source")
    return Definition(
        name=keys.text("name"),
        title=keys.text("title"),
        version=keys.text("version"),
        source=keys.text("source"),
        signs=names,
        parts=read_parts(keys.table("parts"), names),
        from_hours=onset.number("from_hours"),
        exclusion=read_exclusion(keys.table("exclusion"), names),
        cytopenia_rules=(switch.default, *others),
        thresholds=dict(zip(names, limits, strict=True)),
        judge=partial(_judge, signs, lineages),
        grade=read_grading(keys.table("grades")).grade,
    )
