"""A request to open an office. Importing it is cheap: `open` imports the database libraries."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import CompanionUnavailable, ConfigurationError, StorageFailed
from core.base.secret import Secret
from core.database.address import FileAddress, ServerAddress
from core.database.database_file import database_exists
from core.model.authority_name import AuthorityName
from core.offices.password_source import (
    COMPANION_KEY,
    COMPANION_PASSWORD,
    OPEN_DENTAL_PASSWORD,
    PROMPT,
    SEAL_KEY,
    PasswordSource,
    Purpose,
    SourceKind,
)
from core.opendental.price_list import DEFAULT_PRICES, PriceList

NOT_TYPED = (
    "Open the office by itself, or set companion_password_from to env:NAME, file:PATH or command:PROGRAM, as a"
    " scheduled job needs."
)
"""The advice where a companion's password must be typed, and nobody can be asked."""

if TYPE_CHECKING:
    from core.base.runtime import RuntimeContext
    from core.companion.key_file import EncryptionKeys
    from core.companion.opening import CompanionSource
    from core.database.companion_address import CompanionAddress
    from core.model.review import OtherOffices, ReviewSettings
    from core.office.inspected_database import InspectedDatabase
    from core.office.office import Office
    from core.offices.companion_settings import TeamCompanion
    from core.offices.configured_office import ConfiguredOffice
    from core.offices.paths import Paths
    from core.seals.service import SealSettings


@dataclass(frozen=True)
class LaunchContext:
    """The circumstances of one run of the program, shared by all offices it opens."""

    runtime: RuntimeContext
    paths: Paths
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The environment variables, which may contain passwords."""
    read_only: bool = False
    """True to open every office read-only, whatever the configuration file says."""
    password_variables: frozenset[str] = frozenset()
    """The environment variables from which the configured offices take their passwords."""
    prices: PriceList = DEFAULT_PRICES
    """The monthly prices of keys."""
    review: ReviewSettings | None = None
    """The thresholds of reviews; None for the defaults."""
    team_companion: TeamCompanion | None = None
    """The database that a team shares for all offices together; None for a file on this computer."""
    typed_passwords: dict[CompanionAddress, Secret] = field(default_factory=dict, repr=False, compare=False)
    """The passwords of companions that were typed in this run."""
    other_offices: Callable[[OpenRequest], OtherOffices | None] | None = field(default=None, compare=False)
    """Returns the keys of all offices, for a review of one of them."""

    @property
    def prompts_for_team_password(self) -> bool:
        """True if only the user can supply the password of the team's companion, and hasn't yet."""
        team = self.team_companion
        return team is not None and team.password_from == PROMPT and team.address not in self.typed_passwords


@dataclass(frozen=True)
class OpenRequest:
    """An office to open, and the context of the run that opens it."""

    office: ConfiguredOffice
    """The office, with the general settings of the configuration file applied."""
    context: LaunchContext
    password: Secret | None = None
    """The database password, if the run was given one for this office. It must never be sent to another office."""
    demo: bool = False
    """True to fill a new SQLite file with the demo practice."""
    demo_office: str = ""
    """The name of another office of the demo than the first one, whose content differs."""

    @property
    def on_server(self) -> bool:
        """True if users sign in with a name and a password; otherwise, the user is the operating-system account."""
        return isinstance(self.office.address, ServerAddress)

    @property
    def read_only(self) -> bool:
        """True if nothing may be written to the practice, not even an audit entry for the sign-in."""
        return self.office.read_only or self.context.read_only

    @property
    def authority(self) -> AuthorityName:
        """The authority over the API keys: the configured one, or the default for this kind of address."""
        default = AuthorityName.HEADQUARTERS if self.on_server else AuthorityName.LOCAL
        return self.office.authority or default

    @property
    def companion_address(self) -> CompanionAddress:
        """The address of the companion database. An SQLite practice is its own companion."""
        address = self.office.address
        if isinstance(address, FileAddress):
            return address
        return self.office.companion or FileAddress(self.context.paths.companion_of(address))

    @property
    def companion_stem(self) -> Path:
        """The beginning of the paths of the companion's files on this computer: the key file and the lock files."""
        address = self.companion_address
        return address.path if isinstance(address, FileAddress) else self.context.paths.stem_of_shared(address)

    def companion_source(self) -> CompanionSource:
        """Return the companion to open, with its secrets. May block, and imports the database libraries.

        Raises:
            CompanionUnavailable: The source of its password or of its encryption key has none, or can't be read.
        """
        from core.companion.opening import CompanionSource

        # As an error of the configuration, it would have the practice's password prompted for.
        try:
            password = self._read_companion_password()
        except ConfigurationError as error:
            raise CompanionUnavailable(error.sentence, error.hint) from error
        keys = self.companion_keys()
        return CompanionSource(self.companion_address, self.companion_stem, password or Secret(""), keys)

    @property
    def prompts_for_companion_password(self) -> bool:
        """True if only the user can supply the password of the companion's database, and hasn't yet."""
        is_typed = self.companion_address in self.context.typed_passwords
        return self.office.companion_password_from == PROMPT and not is_typed

    def use_companion_password(self, password: Secret | None) -> None:
        """Use a password that was typed for the companion's database from now on in this run; None forgets it."""
        if password is None:
            self.context.typed_passwords.pop(self.companion_address, None)
        else:
            self.context.typed_passwords[self.companion_address] = password

    def _read_companion_password(self) -> Secret | None:
        source = self.office.companion_password_from
        if source != PROMPT:
            return self.read_secret(source, COMPANION_PASSWORD)
        if self.prompts_for_companion_password:
            raise ConfigurationError("The companion's password must be typed.", NOT_TYPED)
        return self.context.typed_passwords[self.companion_address]

    def companion_keys(self) -> EncryptionKeys | None:
        """Return the encryption keys from the source that the configuration names; None for the key file. May block.

        Raises:
            CompanionUnavailable: The source has none, or can't be read.
        """
        try:
            return self._given_keys()
        except ConfigurationError as error:
            raise CompanionUnavailable(error.sentence, error.hint) from error

    def _given_keys(self) -> EncryptionKeys | None:
        """Return the encryption keys from the source that the configuration names; None for the key file."""
        from core.companion.key_file import GivenKeys

        source = self.office.companion_key_from
        text = self.read_secret(source, COMPANION_KEY)
        return GivenKeys(text, f"companion_key_from ({source.kind.label})") if text is not None and source else None

    def _seal_settings(self) -> SealSettings:
        """Return how the office is sealed. The key itself is read when it is used."""
        from core.seals.key_source import GivenSealKey, SealKeyFile, SealKeySource, TemporarySealKey
        from core.seals.service import SealSettings

        configured, source = self.office.seals, self.office.seals.key_from
        keys: SealKeySource = SealKeyFile(self.context.paths.seal_key)
        if self.demo:
            keys = TemporarySealKey()
        elif source is not None and source.kind is SourceKind.FILE:
            keys = SealKeyFile(Path(source.detail))
        elif source is not None:
            keys = GivenSealKey(partial(self._read_given_key, source), f"seal_key_from ({source.kind.label})")
        return SealSettings(keys, configured.directory)

    def _read_given_key(self, source: PasswordSource) -> Secret:
        return self.read_secret(source, SEAL_KEY) or Secret("")

    def read_secret(self, source: PasswordSource | None, purpose: Purpose) -> Secret | None:
        """Return the secret of a source that needs no prompt; None if there is no source. May block.

        Raises:
            ConfigurationError: The source has no secret, can't be read, or isn't private.
        """
        if source is None:
            return None
        context = self.context
        secret = source.read(self.office.name, context.environment, context.password_variables, purpose)
        if secret is None:
            raise ConfigurationError(
                f"The {purpose.words} can't be read: the system keyring can't be used over SSH.",
                f"Use another source in {purpose.setting}: env:NAME, file:PATH or command:PROGRAM.",
            )
        return secret

    @property
    def prompts_for_password(self) -> bool:
        """True if only the user can supply the database password."""
        return self.on_server and self.password is None and self.office.password_from == PROMPT

    def read_password(self) -> Secret | None:
        """Return the database password, or None if the user must be prompted for it. May block.

        Raises:
            ConfigurationError: The password source has no password, can't be read, or isn't private.
        """
        if not self.on_server:
            return Secret("")
        if self.password is not None:
            return self.password
        context = self.context
        return self.office.password_from.read(self.office.name, context.environment, context.password_variables)

    def read_open_dental_password(self) -> Secret | None:
        """Return the password of the office's Open Dental user, or None if the user must be prompted for it. May block.

        Raises:
            ConfigurationError: The password source has no password, can't be read, or isn't private.
        """
        context, office = self.context, self.office
        return office.od_password_from.read(
            office.name, context.environment, context.password_variables, OPEN_DENTAL_PASSWORD
        )

    def refuse_missing_file(self) -> None:
        """Check that the file of an SQLite practice exists.

        One practice that is opened by itself is created. Among many offices, a missing file is a mistake.

        Raises:
            StorageFailed: It doesn't exist.
        """
        address = self.office.address
        if isinstance(address, FileAddress) and not (self.demo or database_exists(address.path)):
            raise StorageFailed(f"File not found: {address.path}.", "Open the office by itself to create it.")

    def open(self, password: Secret, known: InspectedDatabase | None = None, *, signs_in: bool = True) -> Office:
        """Open the office. Blocks, and imports the database libraries.

        Args:
            password: The database password.
            known: A server's database as it was inspected a short while ago, so that it isn't inspected again.
            signs_in: True if somebody will sign in to a server, so that the names of its users are read already.

        Raises:
            ConfigurationError: The license text can't be read.
            PracticeUnavailable: The database or the companion can't be used.
        """
        with _collecting_no_garbage():
            from core.office import opening
        agreement, address, runtime = self.office.agreement(), self.office.address, self.context.runtime
        if isinstance(address, FileAddress):
            opened = opening.open_file_office(
                address,
                agreement,
                runtime,
                with_demo=self.demo,
                demo_office=self.demo_office,
                read_only=self.read_only,
                keys=self._given_keys(),
            )
        else:
            opened = opening.open_server_office(
                address,
                password,
                self.companion_source(),
                self.authority,
                agreement,
                runtime,
                read_only=self.read_only,
                headquarters_url=self.office.headquarters_url,
                known=known,
                signs_in=signs_in,
            )
        opened.name = self.office.name
        opened.prices = self.context.prices
        opened.review_settings = self.context.review
        if self.context.other_offices is not None:
            opened.other_offices = partial(self.context.other_offices, self)
        opened.seal_settings = self._seal_settings
        opened.seals_daily = bool(self.office.seals.daily)
        return opened


@contextmanager
def _collecting_no_garbage() -> Iterator[None]:
    """Import without collecting garbage, and exempt what was imported: modules and classes stay until the end."""
    if "core.office.opening" in sys.modules:
        # Freezing again would keep the garbage of offices that were opened before.
        yield
        return
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
    gc.freeze()
