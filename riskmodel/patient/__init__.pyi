from .assessment import (
    Assessment as Assessment,
    assess_patient as assess_patient,
)
from .content import (
    model_content as model_content,
    patient_content as patient_content,
)
from .factors import (
    measured as measured,
)
from .history import (
    patient_timeline as patient_timeline,
    timeline_text as timeline_text,
)
from .limits import (
    part_need as part_need,
)
from .missing import (
    range_of as range_of,
)
from .pages.comparison import (
    write_comparison as write_comparison,
)
from .pages.report import (
    report as report,
)
from .pages.templates import (
    environment as environment,
    style_sheet as style_sheet,
)
from .pages.timeline import (
    write_timeline as write_timeline,
)
from .references import (
    base_rates as base_rates,
    published_scores as published_scores,
)
from .statement import Statement as Statement, statement_of as statement_of
from .wording import (
    finding_words as finding_words,
    frequency as frequency,
    number as number,
    unit_words as unit_words,
    when as when,
)
