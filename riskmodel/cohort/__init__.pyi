from .fhir.read import (
    infusion_product as infusion_product,
    read_fhir as read_fhir,
    read_fhir_resources as read_fhir_resources,
)
from .frames import (
    BLOCK_BYTES as BLOCK_BYTES,
    KEY as KEY,
    MISSING as MISSING,
    TABLES as TABLES,
    contract_names as contract_names,
    csv_batches as csv_batches,
    missing_columns as missing_columns,
    parquet_batches as parquet_batches,
    read_frames as read_frames,
    unknown_cells as unknown_cells,
)
from .meds.read import (
    read_meds as read_meds,
)
from .omop.read import (
    read_omop as read_omop,
)
from .records import (
    earliest as earliest,
    first_event as first_event,
    last_record as last_record,
    latest as latest,
    lymphodepletion_start as lymphodepletion_start,
)
from .rejections import (
    CELL_REASONS as CELL_REASONS,
    REASONS as REASONS,
    Rejections as Rejections,
    rejected_cells as rejected_cells,
    sentences as sentences,
)
from .schema import (
    AUTOIMMUNE as AUTOIMMUNE,
    EVENT_NAMES as EVENT_NAMES,
    EVENTS as EVENTS,
    EXACT as EXACT,
    GREATER as GREATER,
    GREATER_EQUAL as GREATER_EQUAL,
    LESS as LESS,
    LESS_EQUAL as LESS_EQUAL,
    PATIENT_CHOICES as PATIENT_CHOICES,
    PATIENT_FLAGS as PATIENT_FLAGS,
    PATIENT_NUMBERS as PATIENT_NUMBERS,
    PATIENT_TEXT as PATIENT_TEXT,
)
from .sdtm.read import (
    read_sdtm as read_sdtm,
)
from .sheets.convert import (
    read_spreadsheets as read_spreadsheets,
    source_sheets as source_sheets,
)
from .sheets.files import (
    cut_text as cut_text,
)
from .sheets.guess import (
    guess_mapping as guess_mapping,
    heading_column as heading_column,
    heading_result as heading_result,
    written_mapping as written_mapping,
)
from .sheets.rows import (
    heading_time as heading_time,
)
from .source.zones import (
    CHECK as CHECK,
)
from .summary import (
    summary as summary,
)
from .tables.cohort import (
    Cohort as Cohort,
    assemble as assemble,
)
from .tables.data_frames import (
    cell as cell,
)
from .tables.read import (
    read_cohort as read_cohort,
)
from .tables.rows import (
    cohort_of as cohort_of,
)
from .text_codes import (
    text_column as text_column,
)
from .units import (
    Analyte as Analyte,
    analytes as analytes,
    find_analyte as find_analyte,
)
from .vocabulary.mapping import (
    load_mapping as load_mapping,
)
from .vocabulary.products import (
    Product as Product,
    find_product as find_product,
    product_name as product_name,
    products as products,
)
from .write import (
    safe_cells as safe_cells,
    write_cohort as write_cohort,
)
from .written.dates import (
    TWO_DATES as TWO_DATES,
    date_order as date_order,
    iso_time as iso_time,
)
from .written.notation import (
    NUMBER_COLUMNS as NUMBER_COLUMNS,
    PLAIN as PLAIN,
    TIME_COLUMNS as TIME_COLUMNS,
    Evidence as Evidence,
    Notation as Notation,
    stated_decimal as stated_decimal,
)
from .written.number_text import (
    TWO_WAYS as TWO_WAYS,
    common_sign as common_sign,
    plain_number as plain_number,
)
from .written.times import (
    parse_times as parse_times,
    split_zone as split_zone,
    with_zone as with_zone,
)
