"""The configuration file: general settings, and the offices."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.base.regular_file import read_regular_file
from core.database.address import FileAddress
from core.model.agreement import DEFAULT_TITLE
from core.offices.companion_settings import TeamCompanion, parse_team_companion
from core.offices.config_table import ConfigTable, InvalidSetting
from core.offices.configured_office import MAX_LOCK_MINUTES, ConfiguredOffice, parse_office
from core.offices.connection_settings import PathResolver
from core.offices.password_source import SourceKind
from core.offices.paths import expand_user
from core.offices.seal_settings import NO_SEAL_SETTINGS, ConfiguredSeals, parse_seals
from core.offices.setting_names import GENERAL_SETTINGS, LICENSE_SETTINGS, PRICE_SETTINGS, names
from core.opendental.price_list import DEFAULT_PRICES, PriceList

if TYPE_CHECKING:
    from core.model.review import ReviewSettings

_MAX_PRICE = 100_000


@dataclass(frozen=True)
class Configuration:
    """The content of the configuration file."""

    license_file: Path | None = None
    """`[license] file`: a license text in UTF-8, for all offices without one of their own; None for our own text."""
    license_title: str = DEFAULT_TITLE
    """`[license] title`: the name of the license, for the screen and audit entries."""
    offices: tuple[ConfiguredOffice, ...] = ()
    """The tables `[offices.NAME]`, in the order of the file."""
    lock_after_minutes: int | None = None
    """`lock_after_minutes`: for all offices without a limit of their own in this file."""
    theme: str | None = None
    """`theme`: the name of the theme that the program starts with; None for the default."""
    prices: PriceList = DEFAULT_PRICES
    """`[prices]`: the monthly prices of keys, where they differ from the list that this version knows."""
    seals: ConfiguredSeals = NO_SEAL_SETTINGS
    """`seal_key_from`, `seal_dir` and `seal_daily`: for all offices without settings of their own in this file."""
    team_companion: TeamCompanion | None = None
    """`companion` and what belongs to it, at the top: the database of a team, for all offices together."""
    review: ReviewSettings | None = None
    """`[review]`: the thresholds of reviews; None for the defaults."""
    mouse: bool = False
    """`mouse`: turn the mouse on."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`[keys]`: the user's own keys by the names of actions, as written. Both are checked where they are known."""

    @property
    def password_variables(self) -> frozenset[str]:
        """The environment variables from which the offices take their passwords and encryption keys."""
        sources = [source for office in self.offices for source in office.secret_sources]
        if self.team_companion is not None and self.team_companion.password_from is not None:
            sources.append(self.team_companion.password_from)
        return frozenset(source.detail for source in sources if source.kind is SourceKind.ENVIRONMENT)

    def apply_defaults(self, office: ConfiguredOffice) -> ConfiguredOffice:
        """Return an office with the general settings filled in for those it doesn't have itself."""
        has_license = office.license_file is not None
        return replace(
            office,
            license_file=office.license_file if has_license else self.license_file,
            license_title=office.license_title if has_license else self.license_title,
            seals=office.seals.over(self.seals),
            lock_after_minutes=office.lock_after_minutes or self.lock_after_minutes,
        )

    def find_office(self, name: str, *, exact: bool = False) -> ConfiguredOffice:
        """Return the office of that name, ignoring case, or the only one whose name begins with it.

        Args:
            name: The name, or its beginning.
            exact: True to require the whole name.

        Raises:
            ConfigurationError: No office matches, or several do.
        """
        folded = name.strip().casefold()
        equal = [office for office in self.offices if office.name.casefold() == folded]
        prefixed = [office for office in self.offices if folded and office.name.casefold().startswith(folded)]
        matches = equal or ([] if exact else prefixed)
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise ConfigurationError(f"Several offices begin with {name}.", f"Name one of: {_join_names(matches)}.")
        if not self.offices:
            raise ConfigurationError(
                f"Unknown office {name}: the configuration file has no offices.", "Add one with: apisetup offices add"
            )
        names = {office.name.casefold(): office for office in self.offices}
        similar = prefixed or [names[each] for each in get_close_matches(folded, names, n=3)]
        hint = f"Did you mean {_join_names(similar)}?" if similar else f"Offices: {_join_names(self.offices[:10])}."
        raise ConfigurationError(f"The configuration file has no office {name}.", hint)


def read_configuration(path: Path) -> Configuration:
    """Read the configuration file. A missing file counts as empty.

    Raises:
        ConfigurationError: The file can't be read, isn't TOML, has an unknown key or a value that can't be used, or
            could have been written by another user.
    """
    try:
        text = read_regular_file(path, require=partial(_refuse_if_others_can_write, path)).decode("utf-8-sig")
    except FileNotFoundError:
        return Configuration()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"The configuration file {path} cannot be read: {reason}.", "Fix the cause, or name another file."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The configuration file {path} is not UTF-8 text.", "Save it as UTF-8.") from error
    return parse_configuration(path, text)


def parse_configuration(path: Path, text: str) -> Configuration:
    """Parse the content of a configuration file, or content that is about to be written.

    Args:
        path: The path of the file, for error messages. Relative paths in the file are relative to its directory.
        text: The content.

    Raises:
        ConfigurationError: The content isn't TOML, or has an unknown key or a value that can't be used.
    """
    # Imported here, because a start without a configuration file doesn't need it.
    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The configuration file {path} is not TOML: {error}.", "Fix that line.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The configuration file {path} has a number that is too long or brackets that are nested too deeply.",
            "Shorten that line.",
        ) from error
    try:
        return _parse_settings(ConfigTable((), content), resolver_for(path))
    except InvalidSetting as error:
        raise _error_in(path, text, error) from error


def refuse_setting(path: Path, keys: tuple[str, ...], sentence: str, hint: str) -> ConfigurationError:
    """Return the error for a setting that was read and can't be used, with the number of its line.

    Args:
        path: The configuration file.
        keys: The path of the setting: the keys from the top of the file down to it.
        sentence: What is wrong.
        hint: What to do about it.
    """
    text = read_regular_file(path).decode("utf-8-sig")
    return _error_in(path, text, InvalidSetting(keys, sentence, hint))


def _error_in(path: Path, text: str, error: InvalidSetting) -> ConfigurationError:
    # The line number is only searched for after an error, so that reading a valid file stays fast.
    from core.offices.config_lines import line_of

    line = line_of(text, error.keys)
    place = f"{path}, line {line}" if line else str(path)
    return ConfigurationError(f"In {place}, {error.sentence}", error.hint)


def resolver_for(path: Path) -> PathResolver:
    """Return a function that resolves the paths in a configuration file, which are relative to its directory.

    Args:
        path: The path of the configuration file.
    """
    return lambda name: path.parent / expand_user(name)


def _parse_settings(table: ConfigTable, resolve: PathResolver) -> Configuration:
    table.reject_unknown_names(names(GENERAL_SETTINGS))
    license_table = table.table("license")
    license_table.reject_unknown_names(names(LICENSE_SETTINGS))
    file, title = license_table.string("file"), license_table.string("title")
    if title is not None and file is None:
        raise license_table.invalid(
            "title", "license.title is set without license.file.", "Name the text's file as well."
        )
    offices = _parse_offices(table.table("offices"), resolve)
    team = parse_team_companion(table, resolve)
    if team is not None:
        _refuse_companion_of_an_office(table, team, offices)
    return Configuration(
        license_file=resolve(file) if file else None,
        license_title=title or DEFAULT_TITLE,
        offices=offices,
        team_companion=team,
        lock_after_minutes=table.integer("lock_after_minutes", minimum=1, maximum=MAX_LOCK_MINUTES),
        theme=table.string("theme"),
        prices=_parse_prices(table.table("prices")),
        mouse=table.boolean("mouse"),
        seals=parse_seals(table, resolve),
        keys=_parse_keys(table.table("keys")),
        review=_parse_review(table),
    )


def _parse_review(table: ConfigTable) -> ReviewSettings | None:
    if "review" not in table:
        return None
    # Imported here, because few files have this table and the file is read at every start.
    from core.offices.review_settings import parse_review

    return parse_review(table.table("review"))


def _parse_prices(table: ConfigTable) -> PriceList:
    table.reject_unknown_names(names(PRICE_SETTINGS))
    priced = (name for name in names(PRICE_SETTINGS) if name != "date")
    known = {name: table.integer(name, minimum=0, maximum=_MAX_PRICE) for name in priced}
    changed = {name: price for name, price in known.items() if price is not None}
    date = table.string("date")
    if changed and date is None:
        raise table.invalid(next(iter(changed)), "prices has no date.", "Add the date of the price list to [prices].")
    return replace(DEFAULT_PRICES, date=date or DEFAULT_PRICES.date, **changed)


def _parse_keys(table: ConfigTable) -> dict[str, tuple[str, ...]]:
    return {name: table.strings(name, '"f5" or ["f5", "ctrl+r"]') for name in table.names}


def _parse_offices(table: ConfigTable, resolve: PathResolver) -> tuple[ConfiguredOffice, ...]:
    names: dict[str, str] = {}
    for name in table.names:
        if names.setdefault(name.casefold(), name) != name:
            raise table.invalid(
                name,
                f"the offices {names[name.casefold()]} and {name} differ only in capitals.",
                "Give one of them another name.",
            )
    offices = tuple(parse_office(name, table.table(name), resolve) for name in table.names)
    _refuse_shared_companion(table, offices)
    return offices


def _refuse_shared_companion(table: ConfigTable, offices: Iterable[ConfiguredOffice]) -> None:
    """Raise an error if two practices have the same companion on a server: it would mix up their keys."""
    first: dict[tuple[object, ...], ConfiguredOffice] = {}
    for office in offices:
        server, practice = office.companion, office.address
        if server is None or isinstance(server, FileAddress) or isinstance(practice, FileAddress):
            continue
        other = first.setdefault(server.place, office)
        if not isinstance(other.address, FileAddress) and other.address.place != practice.place:
            raise table.table(office.name).invalid(
                "companion",
                f"the offices {other.name} and {office.name} are different practices with the same companion.",
                "Create a database for each of them.",
            )


def _refuse_companion_of_an_office(
    table: ConfigTable, team: TeamCompanion, offices: Iterable[ConfiguredOffice]
) -> None:
    """Raise an error if the team's database is a practice, or the companion of one."""
    for office in offices:
        used = (each for each in (office.companion, office.address) if not isinstance(each, FileAddress))
        if team.address.place in (each.place for each in used if each is not None):
            raise table.invalid(
                "companion",
                f"the companion at the top of the file is a database of the office {office.name}.",
                "Create a database of its own for all offices together.",
            )


def _refuse_if_others_can_write(path: Path, status: os.stat_result) -> None:
    """Raise an error if another user can change the file.

    The file names servers that passwords are sent to, and commands that are run.
    """
    if status.st_uid not in (os.getuid(), 0):
        raise ConfigurationError(
            f"The configuration file {path} belongs to another account, which could change what apisetup opens.",
            "Check its content, then change its owner with chown.",
        )
    if status.st_mode & 0o022:
        raise ConfigurationError(
            f"The configuration file {path} has mode {stat.S_IMODE(status.st_mode):04o}, so other accounts can"
            " change it.",
            f"Check its content, then run: chmod go-w {shlex.quote(str(path))}",
        )


def _join_names(offices: Iterable[ConfiguredOffice]) -> str:
    return ", ".join(office.name for office in offices)
