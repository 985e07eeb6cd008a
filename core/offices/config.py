"""The configuration file: the license text, and the offices."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from core.base.errors import ConfigurationError
from core.model.agreement import DEFAULT_TITLE, Agreement, agreement_from, default_agreement
from core.offices.config_table import Problem, Table
from core.offices.configured_office import MAX_LOCK_MINUTES, ConfiguredOffice, office_from
from core.offices.paths import expanded

_KNOWN = ("license", "offices", "lock_after_minutes")


@dataclass(frozen=True)
class Configuration:
    """What the configuration file says."""

    license_file: Path | None = None
    """`[license] file`: the office's own license text, UTF-8; a relative path is beside the configuration file."""
    license_title: str = DEFAULT_TITLE
    """`[license] title`: what the text is called, on the screen and in audit entries."""
    offices: tuple[ConfiguredOffice, ...] = ()
    """`[offices.NAME]`, in the order of the file."""
    lock_after_minutes: int | None = None
    """`lock_after_minutes`: for every practice that has no limit of its own in this file."""

    def agreement(self) -> Agreement:
        """The agreement to accept before a key is added.

        Raises:
            ConfigurationError: The license text cannot be read.
        """
        if self.license_file is None:
            return default_agreement()
        return agreement_from(self.license_file, self.license_title)

    def office(self, name: str, *, whole: bool = False) -> ConfiguredOffice:
        """Find an office by its name, whose case does not count, or by a beginning that only one name has.

        Args:
            name: What was asked for.
            whole: Whether a beginning is not enough.

        Raises:
            ConfigurationError: There is no such office, or there are several.
        """
        wanted = name.strip().casefold()
        exact = [office for office in self.offices if office.name.casefold() == wanted]
        begun = [office for office in self.offices if wanted and office.name.casefold().startswith(wanted)]
        found = exact or ([] if whole else begun)
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigurationError(f"Several offices begin with {name}.", f"Name one of: {_list(found)}.")
        if not self.offices:
            raise ConfigurationError(
                f"There is no office {name}: the configuration file has no offices.", "apisetup offices add adds one."
            )
        names = {office.name.casefold(): office for office in self.offices}
        near = begun or [names[each] for each in get_close_matches(wanted, names, n=3)]
        hint = f"Did you mean {_list(near)}?" if near else f"There are: {_list(self.offices[:10])}."
        raise ConfigurationError(f"The configuration file has no office {name}.", hint)


def read_configuration(path: Path) -> Configuration:
    """Read the configuration file; one that does not exist says nothing.

    Raises:
        ConfigurationError: It cannot be read, is no TOML, has a name that is not known or a value that cannot be used,
            or could have been written by somebody else.
    """
    try:
        with path.open("rb") as file:
            _refuse_if_others_write(path, os.fstat(file.fileno()))
            text = file.read().decode("utf-8")
    except FileNotFoundError:
        return Configuration()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"The configuration file {path} cannot be read: {reason}.", "Correct that.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The configuration file {path} is not UTF-8 text.", "Save it as UTF-8.") from error
    return parse_configuration(path, text)


def parse_configuration(path: Path, text: str) -> Configuration:
    """Read what the configuration file holds, or would hold.

    Args:
        path: Where the file is, which relative paths in it are beside, and what problems name.
        text: Its content.

    Raises:
        ConfigurationError: As `read_configuration`.
    """
    # Imported here, since a start without a configuration file needs none of it.
    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"The configuration file {path} is not TOML: {error}.", "Correct that line."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The configuration file {path} has a number or brackets that go on for too long.", "Shorten that line."
        ) from error
    try:
        return _configuration(path, Table((), content))
    except Problem as problem:
        # Where it stands is looked for only now: reading the file at each start stays quick.
        from core.offices.config_lines import line_of

        line = line_of(text, problem.keys)
        place = f"{path}, line {line}" if line else str(path)
        raise ConfigurationError(f"In {place}, {problem.sentence}", problem.hint) from problem


def _configuration(path: Path, table: Table) -> Configuration:
    table.refuse_unknown(_KNOWN)
    license_table = table.table("license")
    license_table.refuse_unknown(("file", "title"))
    file, title = license_table.text("file"), license_table.text("title")
    if title is not None and file is None:
        raise license_table.problem("title", "license.title stands without license.file.", "Name the text's file, too.")
    return Configuration(
        license_file=resolver_for(path)(file) if file else None,
        license_title=title or DEFAULT_TITLE,
        offices=_offices(table.table("offices"), resolver_for(path)),
        lock_after_minutes=table.number("lock_after_minutes", at_least=1, at_most=MAX_LOCK_MINUTES),
    )


def _offices(tables: Table, place: Callable[[str], Path]) -> tuple[ConfiguredOffice, ...]:
    names: dict[str, str] = {}
    for name in tables.names:
        if names.setdefault(name.casefold(), name) != name:
            raise tables.problem(
                name,
                f"the offices {names[name.casefold()]} and {name} differ only in capitals.",
                "Give one of them another name.",
            )
    return tuple(office_from(name, tables.table(name), place) for name in tables.names)


def resolver_for(path: Path) -> Callable[[str], Path]:
    """What makes a path in full of one in the configuration file: a relative one is beside that file."""
    return lambda written: path.parent / expanded(written)


def _refuse_if_others_write(path: Path, status: os.stat_result) -> None:
    """Refuse a file that somebody else can write: it names servers to send passwords to, and commands to run."""
    if status.st_uid not in (os.getuid(), 0):
        raise ConfigurationError(
            f"The configuration file {path} belongs to somebody else, who could change what is opened.",
            "Make it your own (chown), after looking what it holds.",
        )
    if status.st_mode & 0o022:
        raise ConfigurationError(
            f"The configuration file {path} has mode {stat.S_IMODE(status.st_mode):04o}, so others can write it.",
            f"Look what it holds, then run: chmod go-w {shlex.quote(str(path))}",
        )


def _list(offices: tuple[ConfiguredOffice, ...] | list[ConfiguredOffice]) -> str:
    return ", ".join(office.name for office in offices)
