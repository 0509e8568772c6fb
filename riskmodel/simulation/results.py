"""Results of one analyte, before a centre charts them."""

from dataclasses import dataclass

from riskmodel.arrays import Codes, Floats


@dataclass(frozen=True)
class Results:
    """Results of one analyte; arrays of shape (r,).

    Attributes
    ----------
    analyte : str
    draw : int
        Index of the draw.
    value : float
        In the canonical unit.
    deviation : float
        On the analyte's scale, from what is expected of the population at that time before the
        infusion; meaningless after it.
    """

    analyte: str
    draw: Codes
    value: Floats
    deviation: Floats
