"""Compiling of the inner loops. Import it only where it is needed: it loads numba."""

from collections.abc import Callable
from typing import Any

import numba
from numba import types


def read_only(of: Any, ndim: int = 1) -> Any:
    """Type of an argument that is only read: pandas hands out such arrays."""
    return types.Array(of, ndim, "C", readonly=True)


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function once for one signature, kept on disk where a folder for it is writable."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            built = numba.njit(signature, cache=True, error_model="numpy")(function)
        except RuntimeError as error:
            # numba finds no folder that it may write to: compile in this process alone.
            if "no locator available" not in str(error):
                raise
            built = numba.njit(signature, error_model="numpy")(function)
        return built  # type: ignore[no-any-return]

    return decorate
