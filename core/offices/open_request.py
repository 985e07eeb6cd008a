"""How an office is opened. Importing this costs little: the database libraries come with the first `open`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.database.address import Address, FileAddress, ServerAddress
from core.model.api_key import AuthorityName
from core.offices.config import Configuration
from core.offices.password_source import PROMPT, PasswordSource

if TYPE_CHECKING:
    from core.office.office import Office


@dataclass(frozen=True)
class OpenRequest:
    """Which office to open, and how."""

    address: Address
    configuration: Configuration
    """With the license of this office."""
    runtime: RuntimeContext
    companion_file: Path
    """For a server; an SQLite practice is its own companion."""
    log: Path
    """What `--debug` writes."""
    name: str = ""
    """The office's name in the configuration file; empty where the practice is named otherwise."""
    authority: AuthorityName = AuthorityName.LOCAL
    headquarters_url: str = ""
    """Where headquarters is asked, instead of the address in the practice's preferences."""
    password: Secret | None = None
    """The database password where it is known already."""
    password_from: PasswordSource = PROMPT
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where `password_from` looks."""
    demo: bool = False
    """Fill the new SQLite file with the demo practice first."""
    read_only: bool = False
    """Write nothing to the practice, not even that somebody signed in."""
    production: bool = False
    """Whether real patients' data are in it."""
    lock_after_minutes: int | None = None
    """Hide everything after so many minutes without a key, or sooner where the practice says so."""

    @property
    def on_server(self) -> bool:
        """Whether users sign in by name and password; otherwise the operating-system account is the user."""
        return isinstance(self.address, ServerAddress)

    @property
    def asks_for_password(self) -> bool:
        """Whether nothing but somebody at the keyboard knows the database password."""
        return self.on_server and self.password is None and self.password_from == PROMPT

    def known_password(self) -> Secret | None:
        """The database password without asking anybody; None where somebody has to be asked. This may block.

        Raises:
            ConfigurationError: The place that should hold it does not, or others could read it there.
        """
        if self.password is not None or not self.on_server:
            return self.password or Secret("")
        return self.password_from.read(self.name, self.environment)

    def open(self, password: Secret) -> Office:
        """Open the office; this blocks, and imports what is slow to import.

        Raises:
            ConfigurationError: The license text cannot be read.
            PracticeUnavailable: The database or the companion cannot be used.
        """
        from core.office import office

        agreement = self.configuration.agreement()
        if isinstance(self.address, FileAddress):
            return office.open_file_office(
                self.address, agreement, self.runtime, filled=self.demo, read_only=self.read_only
            )
        return office.open_server_office(
            self.address,
            password,
            self.companion_file,
            self.authority,
            agreement,
            self.runtime,
            read_only=self.read_only,
            headquarters_url=self.headquarters_url,
        )
