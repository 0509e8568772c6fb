"""Find a model by what a user names it: a folder, an MLflow URI, or a shipped model's name."""

from pathlib import Path

from riskmodel import models
from riskmodel.errors import SchemaError
from riskmodel.files import material
from riskmodel.models import RiskModel


def shipped_models() -> tuple[str, ...]:
    """Names of the models that come with the package."""
    folder = material("models")
    return tuple(sorted(p.parent.name for p in folder.glob("*/model.json")))


def model_folder(name: str | Path) -> Path | None:
    """Folder of a model that stands on this machine, None where there is none of that name."""
    if Path(name).exists():
        return Path(name)
    return material("models", str(name)) if str(name) in shipped_models() else None


def load_model(name: str | Path) -> RiskModel:
    """Load a model.

    Parameters
    ----------
    name : str or Path
        A folder that `riskmodel train` wrote, an MLflow URI (``models:/NAME@champion``,
        ``models:/NAME/2``, ``runs:/ID/model``), or a shipped model's name.

    Raises
    ------
    SchemaError
        When there is none, or it is damaged.
    """
    text = str(name)
    if text.startswith(("models:/", "runs:/")):
        from riskmodel.tracking import load_registered

        return load_registered(text)
    folder = model_folder(name)
    if folder is not None:
        return models.load_model(folder)
    shipped = ", ".join(shipped_models()) or "none"
    raise SchemaError(
        f"Model '{text}' is neither a folder, an MLflow URI (models:/NAME@champion) nor a shipped "
        f"model. Shipped: {shipped}."
    )


find_model = load_model
"""As the rooms above call it, beside `riskmodel.models.load_model`, which reads a folder."""
