"""Parsing the configuration file: general settings, and the offices."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.base.regular_file import read_regular_file
from core.database.address import FileAddress
from core.offices.companion_settings import TeamCompanion, parse_team_companion
from core.offices.config_table import ConfigTable, InvalidSetting
from core.offices.configuration import Configuration
from core.offices.office_table import MAX_LOCK_MINUTES, parse_office
from core.offices.paths import expand_user
from core.offices.seal_table import parse_seals
from core.offices.setting_names import GENERAL_SETTINGS, LICENSE_SETTINGS, PRICE_SETTINGS, names
from core.opendental.price_list import DEFAULT_PRICES, PriceList

if TYPE_CHECKING:
    from core.model.review import ReviewSettings
    from core.offices.configured_office import ConfiguredOffice
    from core.offices.connection_settings import PathResolver

_MAX_PRICE = 100_000


def parse_configuration(path: Path, text: str) -> Configuration:
    """Parse the content of a configuration file, or content that is about to be written.

    Args:
        path: The path of the file, for error messages. Relative paths in the file are relative to its directory.
        text: The content.

    Raises:
        ConfigurationError: The content isn't TOML, or has an unknown key or a value that can't be used.
    """
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
        license_title=title,
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
