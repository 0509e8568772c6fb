"""Alarm policies: the action that each limit of the risk is meant for, as a file of training/."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from riskmodel.errors import SchemaError
from riskmodel.files import material, read_toml
from riskmodel.toml_model import Fault, Table, holds, must, read

DEFAULT = "watch"


class Level(Table):
    """One limit of a policy, and what it is for.

    Attributes
    ----------
    name : str
        Word for a risk from the limit on, up to the next.
    threshold : float
        Risk at or above which there is an alarm.
    action : str
        What the alarm is meant to lead to.
    harm_to_benefit : (float, float)
        Harm of an unneeded action over the good of a needed one: least and most; the odds of the
        threshold lie between.
    reason, source : str
    unverified : bool
    """

    name: str
    threshold: Annotated[float, must("is not a risk between 0 and 1", lambda risk: 0 < risk < 1)]
    action: str
    harm_to_benefit: Annotated[
        tuple[float, float],
        Field(strict=False),
        must("is not two rising positive numbers", lambda ends: 0 < ends[0] < ends[1]),
    ]
    reason: str
    source: str
    unverified: bool = False

    @property
    def odds(self) -> float:
        """Ratio of harm to benefit at which the threshold is right."""
        return self.threshold / (1 - self.threshold)


def _rising(levels: tuple[Level, ...]) -> bool:
    limits = [level.threshold for level in levels]
    return bool(limits) and limits == sorted(set(limits))


def _justified(levels: tuple[Level, ...]) -> bool:
    return all(
        level.harm_to_benefit[0] <= level.odds <= level.harm_to_benefit[1] for level in levels
    )


class Policy(Table):
    """When an alarm is raised and what for (keys as in training/policies/watch.toml).

    Attributes
    ----------
    name : str
    rise_factor : float
        Of the rule ``rise``.
    levels : tuple of Level
        With rising thresholds.
    """

    name: str
    rise_factor: Annotated[float, must("is not a number above 1", lambda factor: factor > 1)]
    levels: Annotated[
        tuple[Level, ...],
        Field(strict=False),
        holds("have no rising thresholds", _rising),
        holds("hold a threshold whose odds lie outside its harm_to_benefit", _justified),
    ]

    def says(self, risk_groups: tuple[float, float]) -> str:
        """What low, intermediate and high of a model mean by this policy, in words."""
        limits = tuple(level.threshold for level in self.levels)
        if limits != tuple(risk_groups):
            return (
                f"The groups of this model begin at {risk_groups[0]:.1%} and {risk_groups[1]:.1%}, "
                f"which are not the limits of policy '{self.name}' "
                f"({', '.join(f'{limit:.1%}' for limit in limits)}): low, intermediate and high "
                "rank its risks and stand for no action."
            )
        words = "; ".join(
            f"{level.name} from {level.threshold:.1%}: {level.action} ({level.reason})"
            for level in self.levels
        )
        return f"By policy '{self.name}', low is below {limits[0]:.1%}: care as usual; {words}."


def policy_names() -> list[str]:
    """The policies that come with the package."""
    return sorted(path.stem for path in material("training", "policies").glob("*.toml"))


def load_policy(policy: str | Path = DEFAULT) -> Policy:
    """Read a policy: a shipped one by its name, or a TOML file.

    Raises
    ------
    SchemaError
        When it is absent or wrong, with every fault at once.

    Examples
    --------
    >>> [level.threshold for level in load_policy("watch").levels]
    [0.05, 0.15]
    """
    path = Path(policy)
    if path.suffix != ".toml":
        if str(policy) not in policy_names():
            raise SchemaError(
                f"Alarm policy '{policy}' does not exist. Shipped: {', '.join(policy_names())}; "
                "or give a TOML file."
            )
        path = material("training", "policies", f"{policy}.toml")
    return _read(read_toml(path), path.name)


def stored_policy(content: Any) -> Policy:
    """The policy that a model's card holds; the default where it holds none."""
    return _read(dict(content), "of the model's card") if content else load_policy()


def _read(table: Any, where: str) -> Policy:
    return read(
        Policy,
        table,
        lambda found: SchemaError(
            f"Alarm policy {where}: {'; '.join(map(_sentence, found))}. Fix the file."
        ),
    )


def _sentence(fault: Fault) -> str:
    said = {"missing": "is missing", "unknown": "is not a known key"}.get(fault.kind, fault.words)
    return f"'{fault.key}' {said}"
