"""When each office was last opened from this computer; only a convenience, so nothing depends on it."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from core.base.private_file import replace_private_file

_logger = logging.getLogger(__name__)


class LastOpened:
    """The moments in which offices were opened, by their names.

    Args:
        path: A JSON file; one that is missing or damaged is the same as an empty one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, datetime]:
        """All moments, in the local time of this computer."""
        try:
            content = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        moments: dict[str, datetime] = {}
        for name, text in content.items() if isinstance(content, dict) else ():
            with suppress(TypeError, ValueError):
                moments[name] = datetime.fromisoformat(text).replace(tzinfo=None)
        return moments

    def note(self, name: str, moment: datetime) -> None:
        """Remember that an office was opened; where that cannot be written, it is not remembered."""
        moments = {**self.read(), name: moment}
        content = {each: f"{at:%Y-%m-%dT%H:%M:%S}" for each, at in moments.items()}
        try:
            replace_private_file(self._path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            _logger.warning("When the office was opened could not be noted: %s", error.strerror)
