"""The offices of the configuration file, as practices that can be opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from core.base.runtime import RuntimeContext
from core.database.address import FileAddress, ServerAddress
from core.model.api_key import AuthorityName
from core.offices.config import Configuration, read_configuration
from core.offices.configured_office import ConfiguredOffice
from core.offices.last_opened import LastOpened
from core.offices.open_request import OpenRequest
from core.offices.paths import Locations


@dataclass(frozen=True)
class ListedOffice:
    """An office to choose from."""

    opening: OpenRequest
    last_opened: datetime | None
    """None where it never was, as far as is known on this computer."""

    @property
    def name(self) -> str:
        """The office's name in the configuration file."""
        return self.opening.name


class Offices:
    """The offices of the configuration file, which is read anew each time, since it may change while one works.

    Args:
        locations: Where our own files are.
        runtime: What every office takes from outside itself.
        environment: The variables of this process.
        read_only: Whether every office is opened to read only, whatever the file says.
    """

    def __init__(
        self,
        locations: Locations,
        runtime: RuntimeContext,
        environment: Mapping[str, str],
        *,
        read_only: bool = False,
    ) -> None:
        self._locations = locations
        self._surroundings = runtime
        self._environment = environment
        self._read_only = read_only
        self._last_opened = LastOpened(locations.last_opened)

    def list(self) -> tuple[ListedOffice, ...]:
        """All offices, in the order of the file.

        Raises:
            ConfigurationError: The file cannot be used.
        """
        configuration, opened = read_configuration(self._locations.configuration), self._last_opened.read()
        return tuple(
            ListedOffice(self._opening(office, configuration), opened.get(office.name))
            for office in configuration.offices
        )

    def opening(self, name: str) -> OpenRequest:
        """The office of that name.

        Raises:
            ConfigurationError: There is no such office, or the file cannot be used.
        """
        configuration = read_configuration(self._locations.configuration)
        return self._opening(configuration.office(name), configuration)

    def record_opened(self, opening: OpenRequest) -> None:
        """Remember that an office is opened now; one that has no name in the file is not remembered."""
        if opening.name:
            self._last_opened.note(opening.name, self._surroundings.clock())

    def _opening(self, office: ConfiguredOffice, configuration: Configuration) -> OpenRequest:
        on_server = isinstance(office.address, ServerAddress)
        default = AuthorityName.HEADQUARTERS if on_server else AuthorityName.LOCAL
        return OpenRequest(
            address=office.address,
            configuration=_with_license_of(office, configuration),
            runtime=self._surroundings,
            companion_file=self._companion(office),
            log=self._locations.log,
            name=office.name,
            authority=office.authority or default,
            headquarters_url=office.headquarters_url,
            password_from=office.password_from,
            environment=self._environment,
            read_only=office.read_only or self._read_only,
            production=office.production,
            lock_after_minutes=office.lock_after_minutes or configuration.lock_after_minutes,
        )

    def _companion(self, office: ConfiguredOffice) -> Path:
        if isinstance(office.address, FileAddress):
            return office.address.path
        return office.companion or self._locations.companion_of(office.address)


def _with_license_of(office: ConfiguredOffice, configuration: Configuration) -> Configuration:
    if office.license_file is None:
        return configuration
    title = office.license_title or Configuration().license_title
    return replace(configuration, license_file=office.license_file, license_title=title)
