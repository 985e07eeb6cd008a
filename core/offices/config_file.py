"""Reading the configuration file. Without one, nothing that parses it is imported."""

from __future__ import annotations

import os
import stat
from functools import partial
from pathlib import Path

from core.base.errors import ConfigurationError
from core.base.regular_file import read_regular_file
from core.offices.configuration import Configuration


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
    from core.offices.config_parser import parse_configuration

    return parse_configuration(path, text)


def _refuse_if_others_can_write(path: Path, status: os.stat_result) -> None:
    """Raise an error if another user can change the file.

    The file names servers that passwords are sent to, and commands that are run.
    """
    import shlex

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
