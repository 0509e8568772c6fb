"""Compiled functions: the same figures as Python's, also where nothing can be kept on disk."""

import numpy as np
from numba import float64

from riskmodel import compiled as module


def total(values):
    found = 0.0
    for value in values:
        found += value
    return found


def test_a_compiled_function_reads_what_pandas_hands_out():
    values = np.arange(5.0)
    values.flags.writeable = False
    built = module.compiled(float64(module.read_only(float64)))(total)
    assert built(values) == total(values)


def test_without_a_writable_folder_it_compiles_in_this_process(monkeypatch):
    whole = module.numba.njit

    def refusing(*args, **kwargs):
        if kwargs.get("cache"):
            raise RuntimeError("cannot cache function: no locator available for file")
        return whole(*args, **kwargs)

    monkeypatch.setattr(module.numba, "njit", refusing)
    assert module.compiled(float64(module.read_only(float64)))(total)(np.ones(3)) == 3.0
