from .cohort import (
    SimulatedCohort as SimulatedCohort,
    draw_cohort as draw_cohort,
    simulate as simulate,
)
from .realism.report import (
    write_calibration as write_calibration,
)
from .settings import (
    settings as settings,
    worlds as worlds,
)
