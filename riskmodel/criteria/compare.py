"""What the choice of a definition changes: outcomes, onsets and agreement, side by side."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from riskmodel.arrays import Codes, Flags, States
from riskmodel.cohort import Cohort
from riskmodel.criteria.definitions.registry import (
    DEFAULT_DEFINITION,
    definition_names,
    load_definition,
)
from riskmodel.criteria.labels import ADJUDICATED, adjudicated, label
from riskmodel.criteria.outcome import BOTH, COMPETING, EVENT, LOST, NO_EVENT, NOT_ASSESSED
from riskmodel.criteria.signs.after_crs import CRS_RULES
from riskmodel.criteria.truth import MET, NOT_ASSESSABLE, NOT_MET

SWITCHED = DEFAULT_DEFINITION
"""The definition of which every position of the cytopenia switch is a row."""

_PRINTED = {
    "events": "ever",
    "events_in_horizon": "event",
    "no_event": "no_event",
    "competing": "competing",
    "lost": "lost",
    "not_assessed": "not_assessed",
    "median_onset_day": "median day, ever",
    "median_onset_day_in_horizon": "median day, event",
}
_COUNTED = (NO_EVENT, COMPETING, LOST, NOT_ASSESSED)


@dataclass(frozen=True)
class Comparison:
    """Every definition on one cohort.

    Attributes
    ----------
    horizon_days : float
    closed : {"left", "both"}
        Whether the horizon itself is excluded or included.
    names : tuple of str
        One per definition and position of its switch, ``definition`` or ``definition/rule``.
    labels : DataFrame
        One row per name and patient: ``name, definition, cytopenia_rule, patient_id, outcome,
        onset_hours``.
    summary : DataFrame
        One row per name, in their order: ``name, definition, cytopenia_rule, horizon_days, closed,
        patients``; ``events`` (it held at some time of the record) and ``events_in_horizon`` (the
        outcome is an event); the other outcomes; ``median_onset_day`` of all onsets and
        ``median_onset_day_in_horizon``.
    agreement : DataFrame
        One row per pair of names: ``first, second, n, both_event, first_only, second_only,
        neither, kappa``, over the n patients whom both assessed.
    crs_changes : tuple of str
        What the switch ``require_new_after_crs`` changes, a sentence for each position.
    """

    horizon_days: float
    closed: str
    names: tuple[str, ...]
    labels: pd.DataFrame
    summary: pd.DataFrame
    agreement: pd.DataFrame
    crs_changes: tuple[str, ...] = ()

    @property
    def patients(self) -> int:
        """How many patients were labelled."""
        return int(self.summary["patients"].iloc[0])

    @property
    def horizon_words(self) -> str:
        """The horizon with its end.

        Examples
        --------
        >>> from dataclasses import replace
        >>> nothing = pd.DataFrame()
        >>> found = Comparison(14.0, "both", (), nothing, nothing, nothing)
        >>> found.horizon_words, replace(found, closed="left").horizon_words
        ('up to and including day 14', 'before day 14')
        """
        end = "up to and including" if self.closed == BOTH else "before"
        return f"{end} day {self.horizon_days:g}"

    def table(self) -> pd.DataFrame:
        """The summary with, for each name, ``kappa_<name>`` and ``n_<name>`` of its pairs."""
        found = self.summary.copy()
        mirrored = self.agreement.rename(columns={"first": "second", "second": "first"})
        pairs = pd.concat([self.agreement, mirrored]).set_index(["first", "second"])
        for name in self.names:
            asked = [(row, name) for row in self.names]
            found[f"kappa_{name}"] = pairs["kappa"].reindex(asked).to_numpy()
            found[f"n_{name}"] = pairs["n"].reindex(asked).astype("Int64").array
        return found

    def text(self) -> str:
        """Counts and agreement as two plain tables, for a terminal."""
        counts = self.summary.set_index("name")[list(_PRINTED)].rename(columns=_PRINTED)
        matrix = self.table().set_index("name")[[f"kappa_{name}" for name in self.names]]
        matrix.columns = [f"[{k}]" for k in range(1, len(self.names) + 1)]
        matrix.index = pd.Index([f"[{k}] {name}" for k, name in enumerate(self.names, 1)])
        least = int(self.agreement["n"].min()) if len(self.agreement) else 0
        most = int(self.agreement["n"].max()) if len(self.agreement) else 0
        return "\n".join(
            [
                f"{self.patients} patient{'s' if self.patients != 1 else ''}; onset "
                f"{self.horizon_words}. 'ever' counts onsets at any time of the record, 'event' "
                "those within the horizon.",
                "",
                _plain(counts, 1),
                *(["", *self.crs_changes] if self.crs_changes else []),
                "",
                f"Cohen's kappa, over the {least} to {most} patients assessed by both "
                "(event or no_event).",
                "",
                _plain(matrix, 2),
            ]
        )


def _plain(frame: pd.DataFrame, digits: int) -> str:
    def shown(number: float) -> str:
        return f"{number:.{digits}f}"

    text: str = frame.rename_axis(None).to_string(float_format=shown, na_rep="-", line_width=10_000)
    return "\n".join(line.rstrip() for line in text.splitlines())


def compare(cohort: Cohort, *, horizon_days: float = 14.0, closed: str = "left") -> Comparison:
    """Label a cohort by every definition and compare them.

    Parameters
    ----------
    cohort : Cohort
    horizon_days : float
    closed : {"left", "both"}
        Whether the horizon itself is excluded or included.

    Returns
    -------
    Comparison
        Every definition with its default cytopenia rule, `SWITCHED` with every rule, those that
        tell CRS apart with every position of that switch, and the adjudicated label last where the
        cohort has one.

    Raises
    ------
    SchemaError
        When the horizon is not positive or `closed` is unknown.
    """
    rows: dict[tuple[str, str, str], pd.DataFrame] = {}
    positions: dict[str, str] = {}
    for definition in definition_names():
        chosen = load_definition(definition)
        positions[chosen.name] = chosen.crs_rule
        switched = definition == SWITCHED
        for rule in chosen.cytopenia_rules if switched else (chosen.rule(None),):
            name = f"{definition}/{rule}" if switched else definition
            rows[name, definition, rule] = label(
                cohort, chosen, cytopenia_rule=rule, horizon_days=horizon_days, closed=closed
            )
        for position in CRS_RULES if chosen.crs_rule else ():
            if position != chosen.crs_rule:
                other = load_definition(f"{definition}/{position}")
                rows[other.name, other.name, other.rule(None)] = label(
                    cohort, other, cytopenia_rule=None, horizon_days=horizon_days, closed=closed
                )
    if (cohort.events["event"] == "iec_hs").any():
        rows[ADJUDICATED, ADJUDICATED, ""] = adjudicated(
            cohort, horizon_days=horizon_days, closed=closed
        )
    columns = ["definition", "cytopenia_rule", "patient_id", "outcome", "onset_hours"]
    labels = [found[columns].assign(name=key[0]) for key, found in rows.items()]
    horizon = {"horizon_days": float(horizon_days), "closed": closed}
    summary = [
        dict(zip(("name", "definition", "cytopenia_rule"), key, strict=True))
        | horizon
        | _counts(found)
        for key, found in rows.items()
    ]
    return Comparison(
        float(horizon_days),
        closed,
        tuple(key[0] for key in rows),
        pd.concat(labels, ignore_index=True)[["name", *columns]],
        pd.DataFrame(summary),
        _agreement({key[0]: found for key, found in rows.items()}),
        _crs_changes(rows, positions),
    )


def _crs_changes(
    rows: dict[tuple[str, str, str], pd.DataFrame], positions: dict[str, str]
) -> tuple[str, ...]:
    """What each position of ``require_new_after_crs`` changes against the letter."""
    found = {key[1:]: labels for key, labels in rows.items()}
    letter, *others = CRS_RULES
    said = []
    for name, default in positions.items():
        if not default:
            continue
        rule = load_definition(name).rule(None)
        at = {p: found[name if p == default else f"{name}/{p}", rule] for p in CRS_RULES}
        for position in others:
            before, after = ((at[p]["outcome"] == EVENT).to_numpy() for p in (letter, position))
            wait = (at[position]["onset_hours"] - at[letter]["onset_hours"]).to_numpy(np.float64)
            later = before & after & (wait > 0)
            by = f", by {np.median(wait[later]):.0f} h in the median" if later.any() else ""
            said.append(
                f"{name}, require_new_after_crs {position} against the letter ({letter}): "
                f"{int((before & ~after).sum())} of {int(before.sum())} events in the horizon "
                f"no longer count, {int(later.sum())} begin later{by}."
            )
    return tuple(said)


def _counts(rows: pd.DataFrame) -> dict[str, float]:
    day = rows["onset_hours"].to_numpy(dtype=np.float64) / 24
    event = (rows["outcome"] == EVENT).to_numpy(dtype=bool)
    held = ~np.isnan(day)
    return {
        "patients": len(rows),
        "events": int(held.sum()),
        "events_in_horizon": int(event.sum()),
        **{outcome: int((rows["outcome"] == outcome).sum()) for outcome in _COUNTED},
        "median_onset_day": float(np.median(day[held])) if held.any() else np.nan,
        "median_onset_day_in_horizon": float(np.median(day[event])) if event.any() else np.nan,
    }


def _assessed(rows: pd.DataFrame) -> States:
    """Met where the outcome is an event, not met where it is none, else not assessable."""
    outcome = rows["outcome"].to_numpy(dtype=object)
    state = np.where(outcome == EVENT, MET, np.where(outcome == NO_EVENT, NOT_MET, NOT_ASSESSABLE))
    return state.astype(np.int8)


def _agreement(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    states = {name: _assessed(rows) for name, rows in found.items()}
    names, rows = tuple(found), []
    for k, first in enumerate(names):
        for second in names[k + 1 :]:
            one, two = states[first], states[second]
            both = (one != NOT_ASSESSABLE) & (two != NOT_ASSESSABLE)
            pair = {"n": int(both.sum()), **_four(one[both] == MET, two[both] == MET)}
            kappa = cohen_kappa(one[both].astype(np.int64), two[both].astype(np.int64))
            rows.append({"first": first, "second": second, **pair, "kappa": kappa})
    columns = ["first", "second", "n", "both_event", "first_only", "second_only", "neither"]
    return pd.DataFrame(rows, columns=[*columns, "kappa"])


def _four(one: Flags, two: Flags) -> dict[str, int]:
    return {
        "both_event": int((one & two).sum()),
        "first_only": int((one & ~two).sum()),
        "second_only": int((~one & two).sum()),
        "neither": int((~one & ~two).sum()),
    }


def cohen_kappa(one: Codes, two: Codes) -> float:
    """Cohen's kappa of two labels of the same patients, NaN where it is undefined.

    It is undefined without patients, and where both give every patient the same one label.

    Examples
    --------
    >>> labels = np.array([1, 1, 0, 0])
    >>> cohen_kappa(labels, labels), cohen_kappa(labels, np.array([1, 0, 0, 1]))
    (1.0, 0.0)
    """
    if len(np.unique(np.concatenate([one, two]))) < 2:
        return float("nan")
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(one, two))
