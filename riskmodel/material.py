"""Find the folders that people edit: features/, training/ and models/.

A wheel carries them inside the package; a checkout keeps them beside it.
"""

from pathlib import Path

from riskmodel.errors import SchemaError

_PACKAGE = Path(__file__).resolve().parent


def material(folder: str, *parts: str) -> Path:
    """Path of a file or folder of the shipped material.

    Parameters
    ----------
    folder : {"features", "training", "models"}
        The top folder.
    *parts : str
        Names below it.

    Raises
    ------
    SchemaError
        When it is neither in the wheel nor in a checkout.

    Examples
    --------
    >>> material("features", "baseline.toml").name
    'baseline.toml'
    """
    for root in (_PACKAGE / "_material", _PACKAGE.parent):
        path = root.joinpath(folder, *parts)
        if path.exists():
            return path
    raise SchemaError(
        f"The shipped material '{'/'.join((folder, *parts))}' was not found in the installed "
        "package nor in a checkout. Install riskmodel again."
    )
