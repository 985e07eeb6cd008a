"""The catalog of the offices in the configuration file, to choose one from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from core.offices.config_file import read_configuration
from core.offices.last_opened import LastOpened
from core.offices.open_request import LaunchContext, OpenRequest

if TYPE_CHECKING:
    from core.offices.configuration import Configuration
    from core.offices.configured_office import ConfiguredOffice


@dataclass(frozen=True)
class CatalogEntry:
    """An office in the catalog."""

    request: OpenRequest
    last_opened: datetime | None
    """None if the office was never opened from this computer."""

    @property
    def name(self) -> str:
        """The office's name in the configuration file."""
        return self.request.office.name


class OfficeCatalog:
    """The offices in the configuration file. Only `reload` reads the file.

    Args:
        configuration: The content of the file, as read at the start of the program.
        context: The context of the run that opens the offices.
        demo: True if the offices are those of the demo, of which the first one is the demo practice itself.
    """

    def __init__(self, configuration: Configuration, context: LaunchContext, *, demo: bool = False) -> None:
        self._configuration = configuration
        self._context = context
        self._demo = demo
        self._last_opened = LastOpened(context.paths.last_opened)

    @property
    def context(self) -> LaunchContext:
        """The context of the run that opens the offices."""
        return self._context

    def entries(self) -> tuple[CatalogEntry, ...]:
        """Return all offices in the order of the file, as it was when it was last read."""
        last_opened = self._last_opened.read()
        return tuple(
            CatalogEntry(self._open_request(office), last_opened.get(office.name))
            for office in self._configuration.offices
        )

    def reload(self) -> tuple[CatalogEntry, ...]:
        """Read the configuration file again, since it may have changed, and return its offices.

        Raises:
            ConfigurationError: The file can't be used. The catalog stays as it was.
        """
        self._configuration = read_configuration(self._context.paths.configuration)
        return self.entries()

    def open_request(self, name: str) -> OpenRequest:
        """Return the request to open an office.

        Args:
            name: The office's name, ignoring case, or a beginning that no other name has.

        Raises:
            ConfigurationError: No office matches, or several do.
        """
        return self._open_request(self._configuration.find_office(name))

    def open_requests(self) -> tuple[OpenRequest, ...]:
        """Return the requests to open all offices, in the order of the file."""
        return tuple(map(self._open_request, self._configuration.offices))

    def save_last_opened(self, request: OpenRequest) -> None:
        """Save that an office is being opened now. A practice that is not in the configuration file is ignored."""
        if request.office.name:
            self._last_opened.save(request.office.name, self._context.runtime.clock())

    def _open_request(self, office: ConfiguredOffice) -> OpenRequest:
        # Read anew, since `reload` may have found other offices.
        context = replace(self._context, password_variables=self._configuration.password_variables)
        request = OpenRequest(self._configuration.apply_defaults(office), context, demo=self._demo)
        is_first = office.name == self._configuration.offices[0].name
        return request if is_first or not self._demo else replace(request, demo_office=office.name)
