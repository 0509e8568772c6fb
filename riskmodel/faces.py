"""The public face of a room: what its stub names, imported when first asked for.

A stub (`__init__.pyi`) is read by type checkers and editors and, here, at run time: one list of
public names for both. Nothing behind a name is imported before it is used, so ``import riskmodel``
stays light.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import lazy_loader


def face(
    package: str, file: str, elsewhere: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of a package with a stub beside its file.

    Parameters
    ----------
    package, file : str
        ``__name__`` and ``__file__`` of the package.
    elsewhere : mapping of str to str, optional
        Names that this package once held, and the package that answers for them now.

    Examples
    --------
    >>> import riskmodel.models
    >>> "RiskModel" in riskmodel.models.__all__
    True
    """
    found, _, names = lazy_loader.attach_stub(package, file)
    moved = dict(elsewhere or {})
    public = sorted({*names, *moved})

    def get(name: str) -> Any:
        if name in moved:
            return getattr(import_module(moved[name]), name)
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return found(name)

    return get, lambda: public, public
