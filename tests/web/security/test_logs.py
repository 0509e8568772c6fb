"""What the server prints: of a fault its kind and place, never its message."""

import logging
import logging.config

from riskmodel.web.security.logs import LOGGING, OnlyPlaces


def test_a_fault_is_logged_by_its_place_alone():
    try:
        raise ValueError("ferritin of Jane Roe")
    except ValueError as error:
        record = logging.LogRecord("uvicorn", 40, __file__, 1, "Exception in application", (), None)
        record.exc_info = (type(error), error, error.__traceback__)
    assert OnlyPlaces().filter(record)
    shown = logging.Formatter().format(record)
    assert "Jane" not in shown
    assert "ValueError at test_logs.py:" in shown


def test_a_record_without_a_fault_stays_as_it_is():
    record = logging.LogRecord("uvicorn", 40, __file__, 1, "Port %d", (8000,), None)
    assert OnlyPlaces().filter(record)
    assert record.getMessage() == "Port 8000"


def test_every_handler_of_the_server_filters():
    assert all("only_places" in handler["filters"] for handler in LOGGING["handlers"].values())
