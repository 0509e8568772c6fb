from .monitor import (
    monitor as monitor,
    read_reference as read_reference,
)
from .page import (
    monitor_text as monitor_text,
    write_monitor_page as write_monitor_page,
)
