"""How an office is opened. Importing this costs little: the database libraries come with the first `open`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.address import Address, FileAddress, ServerAddress
from core.api_key import AuthorityName
from core.config import Configuration
from core.secrets import Secret
from core.surroundings import Surroundings

if TYPE_CHECKING:
    from core.office import Office


@dataclass(frozen=True)
class Opening:
    """Which office to open, and how."""

    address: Address
    configuration: Configuration
    surroundings: Surroundings
    companion_file: Path
    """For a server; an SQLite practice is its own companion."""
    log: Path
    """What `--debug` writes."""
    authority: AuthorityName = AuthorityName.LOCAL
    password: Secret | None = None
    """The database password where it is known already."""
    demo: bool = False
    """Fill the new SQLite file with the demo practice first."""
    read_only: bool = False
    """Write nothing to the practice, not even that somebody signed in."""

    @property
    def on_server(self) -> bool:
        """Whether users sign in by name and password; otherwise the operating-system account is the user."""
        return isinstance(self.address, ServerAddress)

    def open(self, password: Secret) -> Office:
        """Open the office; this blocks, and imports what is slow to import.

        Raises:
            ConfigurationError: The license text cannot be read.
            PracticeUnavailable: The database or the companion cannot be used.
        """
        from core import office

        agreement = self.configuration.agreement()
        if isinstance(self.address, FileAddress):
            return office.open_file_office(
                self.address, agreement, self.surroundings, filled=self.demo, read_only=self.read_only
            )
        return office.open_server_office(
            self.address,
            password,
            self.companion_file,
            self.authority,
            agreement,
            self.surroundings,
            read_only=self.read_only,
        )
