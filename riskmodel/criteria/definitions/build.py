"""Put the signs of a definition and the tables that every definition has together."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from riskmodel.arrays import States
from riskmodel.cohort import Cohort
from riskmodel.criteria.definitions.definition import Definition, Part, read_exclusion, read_parts
from riskmodel.criteria.grading import Grader
from riskmodel.criteria.signs.cytopenia import CYTOPENIA_RULES, CytopeniaSign, Switch
from riskmodel.criteria.signs.sign import CohortSign, Sign
from riskmodel.criteria.toml_table import Keys

Scores = Callable[[States], Mapping[str, npt.NDArray[np.generic]]]


def assemble(
    keys: Keys,
    signs: tuple[CohortSign, ...],
    *,
    lineages: tuple[CytopeniaSign, ...] = (),
    switch: Switch | None = None,
    grade: Grader | None = None,
    scores: Callable[[tuple[Part, ...], tuple[str, ...]], Scores] | None = None,
) -> Definition:
    """The definition of its signs and of what else `keys` says.

    Parameters
    ----------
    keys : Keys
        Of the whole file; the tables of the signs are taken already.
    signs : tuple of CohortSign
    lineages : tuple of CytopeniaSign
        Signs that follow the cytopenia switch; they stand after the others.
    switch : Switch or None
    grade : Grader or None
    scores : callable or None
        Makes the `scores` of the definition from its parts and signs.

    Raises
    ------
    SchemaError
        When a key is missing or mistyped.
    """
    limits = {sign.name: sign.thresholds for sign in signs}
    limits |= {lineage.name: lineage.thresholds for lineage in lineages}
    names = tuple(limits)
    onset = keys.table("onset")
    onset.text("source")
    parts = read_parts(keys.table("parts"), names)
    rules: tuple[str, ...] = ()
    if switch is not None:
        others = tuple(rule for rule in CYTOPENIA_RULES if rule != switch.default)
        rules = (switch.default, *others)
    return Definition(
        name=keys.text("name"),
        title=keys.text("title"),
        version=keys.text("version"),
        source=keys.text("source"),
        signs=names,
        parts=parts,
        from_hours=onset.number("from_hours"),
        exclusion=read_exclusion(keys.table("exclusion"), names),
        cytopenia_rules=rules,
        thresholds=limits,
        judge=partial(_judge, signs, lineages),
        grade=grade,
        unverified=keys.unverified(),
        scores=None if scores is None else scores(parts, names),
    )


def _judge(
    signs: tuple[CohortSign, ...],
    lineages: tuple[CytopeniaSign, ...],
    cohort: Cohort,
    cytopenia_rule: str,
) -> tuple[Sign, ...]:
    return (
        *(sign.judge(cohort) for sign in signs),
        *(lineage.judge(cohort, cytopenia_rule) for lineage in lineages),
    )
