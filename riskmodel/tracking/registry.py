"""Registered models: what a version says of itself, the champion, and the way back from a store."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from riskmodel.errors import SchemaError
from riskmodel.models import RiskModel, load_model
from riskmodel.tracking.pyfunc import FOLDER
from riskmodel.tracking.session import client, session

CHAMPION = "champion"
_ROLLED_BACK = ("gate.rolled_back", "gate.rolled_back_to", "gate.rolled_back_why")


def check_registration(name: str, stage: str, *, force: bool = False) -> None:
    """Refuse, before any work, a registered name that cannot be used or holds the other stage.

    Raises
    ------
    SchemaError
    """
    if not name.strip() or set(name) & set("/:@"):
        raise SchemaError(
            f"Registered model name '{name}' is not usable. Give a name without '/', ':' and '@'."
        )
    with session():
        versions = client().search_model_versions(f"name='{name}'") if "'" not in name else []
        others = {v.tags["stage"] for v in versions if "stage" in v.tags} - {stage}
    if others and not force:
        raise SchemaError(
            f"Registered model '{name}' holds versions of stage '{', '.join(sorted(others))}', and "
            f"this one is of stage '{stage}': whoever loads its champion would be answered another "
            "question. Register it under another name, or force it."
        )


def register(mlflow: Any, name: str, model: RiskModel, model_uri: str, run_id: str) -> str:
    """Register a logged model with what has to be known of it; the first sound one is champion.

    Returns
    -------
    str
        The version.
    """
    found = mlflow.register_model(model_uri, name)
    store = client()
    for key, value in {"run_id": run_id, **model_tags(model)}.items():
        store.set_model_version_tag(name, found.version, key, value)
    store.update_model_version(name, found.version, description(model))
    if CHAMPION not in store.get_registered_model(name).aliases and not model.card.no_signal:
        store.set_registered_model_alias(name, CHAMPION, found.version)
    return str(found.version)


def model_tags(model: RiskModel) -> dict[str, str]:
    """What a run and a version are searched by; no figure of a patient."""
    card, counts = model.card, model.counts
    tags = {
        "stage": model.stage,
        "definition": model.definition,
        "labels": model.labels,
        "horizon_days": f"{model.horizon_days:g}",
        "patients": str(counts.get("patients", "")),
        "events": str(counts.get("events", "")),
        "fingerprint": model.fingerprint,
        "simulated": str(card.simulated).lower(),
        "signal": "not found: do not use" if card.no_signal else "found or not checked",
        "warnings": str(len(card.warnings)),
    }
    if card.updated_from is not None:
        tags["updated_from"] = f"{card.updated_from.name} {card.updated_from.version}"
    return tags


def description(model: RiskModel) -> str:
    """A version in a paragraph, its warnings below."""
    counts = model.counts
    patients = "simulated patients" if model.card.simulated else "patients"
    said = [
        f"Risk of IEC-HS ({model.definition}, {model.labels}) before day {model.horizon_days:g}, "
        f"{model.stage.replace('_', '-')} stage, from {counts.get('patients', '?')} {patients}, "
        f"{counts.get('events', '?')} with the event. Research use only."
    ]
    if model.card.no_signal:
        said.insert(0, "**No signal was found: do not use.**")
    return "\n\n".join([*said, *(f"- {warning}" for warning in model.card.warnings)])


def set_champion(name: str, version: str) -> None:
    """Point the champion alias of a registered model at a version.

    Raises
    ------
    SchemaError
        When the store has no such version, or refuses.
    """
    with session():
        store = client()
        store.set_registered_model_alias(name, CHAMPION, version)
        for key in set(_ROLLED_BACK) & set(store.get_model_version(name, version).tags):
            store.delete_model_version_tag(name, version, key)


def write_verdict(
    name: str, version: str, tags: Mapping[str, str], description: str | None
) -> None:
    """Write tags and, where given, the description of a registered version.

    Raises
    ------
    SchemaError
        When the store has no such version, or refuses.
    """
    with session():
        store = client()
        for key, value in tags.items():
            store.set_model_version_tag(name, version, key, value)
        if description is not None:
            store.update_model_version(name, version, description)


def version_tags(name: str, version: str) -> dict[str, str]:
    """Tags of a registered version.

    Raises
    ------
    SchemaError
        When the store has no such version, or refuses.
    """
    with session():
        return dict(client().get_model_version(name, version).tags)


def load_registered(uri: str) -> RiskModel:
    """Load a model by an MLflow URI such as ``models:/NAME@champion``.

    Raises
    ------
    SchemaError
        When the store has no such model, or its files are damaged.
    """
    with session() as mlflow:
        folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
        version = _version(uri)
    model = load_model(folder / "artifacts" / FOLDER)
    return replace(model, version=version) if version else model


def _version(uri: str) -> str | None:
    name = uri.removeprefix("models:/")
    if not uri.startswith("models:/"):
        return None
    if "@" in name:
        model, alias = name.split("@", 1)
        return str(client().get_model_version_by_alias(model, alias).version)
    model, _, version = name.partition("/")
    if version == "latest":
        found = client().search_model_versions(f"name='{model}'")
        return str(max(int(v.version) for v in found))
    return version or None


def champion_version(name: str) -> str | None:
    """Version that the champion alias of a registered model points at.

    Raises
    ------
    SchemaError
        When the store has no such model, or refuses.
    """
    with session():
        aliases: Mapping[str, str | int] = client().get_registered_model(name).aliases
    found = aliases.get(CHAMPION)
    return None if found is None else str(found)
