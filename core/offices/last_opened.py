"""The times at which offices were last opened from this computer. A convenience: nothing depends on them."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from core.base.private_file import replace_private_file
from core.base.regular_file import read_regular_file

_logger = logging.getLogger(__name__)


class LastOpened:
    """A file with the times at which offices were last opened, by name.

    Args:
        path: A JSON file. A missing or damaged file counts as empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, datetime]:
        """Return the times by office name, in this computer's local time."""
        import json

        try:
            content = json.loads(read_regular_file(self._path))
        except (OSError, ValueError, RecursionError):
            return {}
        times: dict[str, datetime] = {}
        for name, text in content.items() if isinstance(content, dict) else ():
            with suppress(TypeError, ValueError):
                times[name] = datetime.fromisoformat(text).replace(tzinfo=None)
        return times

    def save(self, name: str, time: datetime) -> None:
        """Save the time at which an office was opened. A file that can't be written is logged, not raised."""
        import json

        times = {**self.read(), name: time}
        content = {name: f"{time:%Y-%m-%dT%H:%M:%S}" for name, time in times.items()}
        try:
            replace_private_file(self._path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            _logger.warning("When the office was opened could not be noted: %s", error.strerror)
