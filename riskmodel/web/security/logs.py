"""What the server prints: no address, no body, no value; of a fault only its kind and place."""

import logging
import traceback
from pathlib import Path


class OnlyPlaces(logging.Filter):
    """Replace an exception by its type and the lines of code that it passed through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record, without the message of its exception."""
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            steps = traceback.extract_tb(error.__traceback__)[-6:]
            places = " < ".join(f"{Path(s.filename).name}:{s.lineno}" for s in reversed(steps))
            record.msg = f"{record.getMessage().strip()}: {type(error).__name__} at {places}"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"only_places": {"()": OnlyPlaces}},
    "formatters": {"plain": {"format": "%(levelname)s: %(message)s"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["only_places"],
        }
    },
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
