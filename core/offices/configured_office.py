"""An office as the configuration file describes it: its address, and how to open it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.offices.password_source import PROMPT, PasswordSource
from core.offices.seal_settings import NO_SEAL_SETTINGS, ConfiguredSeals

if TYPE_CHECKING:
    from pathlib import Path

    from core.database.address import Address
    from core.database.companion_address import CompanionAddress
    from core.model.agreement import Agreement
    from core.model.authority_name import AuthorityName


@dataclass(frozen=True)
class ConfiguredOffice:
    """An office, as in a table `[offices.NAME]` of the configuration file."""

    name: str
    """Empty for a practice that is not in the configuration file: the embedded one, or that of `--url` or `--demo`."""
    address: Address
    """Includes the TLS settings."""
    password_from: PasswordSource = PROMPT
    od_user: str = ""
    """The Open Dental user that commands sign in as; empty if none was named."""
    od_password_from: PasswordSource = PROMPT
    """The source of that user's password."""
    tags: tuple[str, ...] = ()
    """Words that select this office with others, as written."""
    authority: AuthorityName | None = None
    """None for the default: headquarters for a server, the local registry for a file."""
    companion: CompanionAddress | None = None
    """None for the default: a file in the directory of the configuration file."""
    companion_password_from: PasswordSource | None = None
    """None for a companion that needs no password: a file, or a server that knows the user in another way."""
    companion_key_from: PasswordSource | None = None
    """None for the default: a key file in the directory of the companion file."""
    headquarters_url: str = ""
    """The URL of headquarters, to be used instead of the one in the practice's preferences; may be empty."""
    license_file: Path | None = None
    """None for the file of `[license]`, which applies to all offices."""
    license_title: str | None = None
    read_only: bool = False
    production: bool = False
    """True if the practice has real patients' data. The title line says so."""
    seals: ConfiguredSeals = NO_SEAL_SETTINGS
    lock_after_minutes: int | None = None
    """Lock the screen after so many minutes without a key press, or sooner if the practice's own limit is shorter."""

    @property
    def secret_sources(self) -> tuple[PasswordSource, ...]:
        """The sources of its passwords and keys."""
        named = (
            self.password_from,
            self.od_password_from,
            self.companion_password_from,
            self.companion_key_from,
            self.seals.key_from,
        )
        return tuple(source for source in named if source is not None)

    def has_tag(self, tag: str) -> bool:
        """Return True if the office has a tag, in any case."""
        return tag.strip().casefold() in {each.casefold() for each in self.tags}

    def agreement(self) -> Agreement:
        """Return the agreement to accept before a key is added.

        Raises:
            ConfigurationError: The license text can't be read.
        """
        from core.model.agreement import DEFAULT_TITLE, agreement_from, default_agreement

        if self.license_file is None:
            return default_agreement()
        return agreement_from(self.license_file, self.license_title or DEFAULT_TITLE)
