"""The configuration file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.agreement import DEFAULT_TITLE, Agreement, agreement_from, default_agreement
from core.errors import ConfigurationError
from core.locations import expanded


@dataclass(frozen=True)
class Configuration:
    """What the configuration file says."""

    license_file: Path | None = None
    """`[license] file`: the office's own license text, UTF-8; a relative path is beside the configuration file."""
    license_title: str = DEFAULT_TITLE
    """`[license] title`: what the text is called, on the screen and in audit entries."""

    def agreement(self) -> Agreement:
        """The agreement to accept before a key is added.

        Raises:
            ConfigurationError: The license text cannot be read.
        """
        if self.license_file is None:
            return default_agreement()
        return agreement_from(self.license_file, self.license_title)


def read_configuration(path: Path) -> Configuration:
    """Read the configuration file; one that does not exist says nothing.

    Raises:
        ConfigurationError: It cannot be read, is no TOML, or has a name that is not known.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Configuration()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"The configuration file {path} cannot be read: {reason}.", "Correct that.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The configuration file {path} is not UTF-8 text.", "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"The configuration file {path} is not TOML: {error}.", "Correct that line."
        ) from error
    _refuse_unknown(path, "", content, ("license",))
    table = content.get("license", {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"In {path}, license must be a table.", "Write [license] on a line of its own.")
    _refuse_unknown(path, "license.", table, ("file", "title"))
    file, title = _text(path, table, "file"), _text(path, table, "title")
    if title is not None and file is None:
        raise ConfigurationError(f"In {path}, license.title stands without license.file.", "Name the text's file, too.")
    return Configuration(
        license_file=path.parent / expanded(file) if file else None,
        license_title=title or DEFAULT_TITLE,
    )


def _text(path: Path, table: dict[str, Any], name: str) -> str | None:
    value = table.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"In {path}, license.{name} must be a text that is not empty.", "Put it in quotes.")
    return value.strip()


def _refuse_unknown(path: Path, prefix: str, table: dict[str, Any], known: Iterable[str]) -> None:
    names = tuple(known)
    for name in table:
        if name in names:
            continue
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {prefix}{near[0]}?" if near else f"Known here: {', '.join(prefix + n for n in names)}."
        raise ConfigurationError(f"The configuration file {path} has an unknown name: {prefix}{name}.", hint)
