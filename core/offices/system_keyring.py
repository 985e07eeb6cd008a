"""The system keyring as a source of a password.

Some backends of the package `keyring` prompt on the terminal, and would write over the screen and take the keys typed
there. So the keyring is read in a process of its own, which has no terminal and a deadline.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress

from core.base.errors import ConfigurationError
from core.base.secret import Secret

SECONDS = 10
"""The timeout of the system keyring."""
SERVICE = "apisetup"

_NO_PASSWORD, _NO_PACKAGE, _FAILED = 3, 4, 5
# Whatever a backend prints goes to standard error, so that the output is the password and nothing else.
_SCRIPT = f"""
import os, sys
answer = os.dup(1)
os.dup2(2, 1)
try:
    import keyring
except ImportError:
    os._exit({_NO_PACKAGE})
try:
    password = keyring.get_password(sys.argv[1], sys.argv[2])
    if password is None:
        os._exit({_NO_PASSWORD})
    content = password.encode()
    while content:
        content = content[os.write(answer, content):]
except BaseException:
    os._exit({_FAILED})
os._exit(0)
"""


def read_system_keyring(
    account: str, environment: Mapping[str, str], hidden_variables: Collection[str], setting: str = "password_from"
) -> Secret | None:
    """Return the password of an account; None over SSH. May block until the deadline.

    Over SSH, the keyring would wait for an unlock dialog on a desktop that nobody sees.

    Args:
        account: The account's name in the keyring.
        environment: The environment variables.
        hidden_variables: The variables that the process doesn't inherit.
        setting: The setting that names the keyring, for error messages.

    Raises:
        ConfigurationError: The keyring has no such password, can't be used, or would have to ask.
    """
    if any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")):
        return None
    # Imported here, because only few offices use it.
    from core.offices.detached_process import ProgramStopped, run_detached

    # -P keeps modules in the current directory from being imported.
    arguments = [sys.executable, "-P", "-c", _SCRIPT, SERVICE, account]
    try:
        ended = run_detached(arguments, hidden_variables, SECONDS)
    except OSError as error:
        raise _unusable(f"cannot be started: {error.strerror}", setting) from error
    except ProgramStopped as stopped:
        raise _unusable(stopped.reason, setting) from None
    if ended.status == _NO_PACKAGE:
        raise ConfigurationError(
            "The system keyring needs the Python package keyring, which is not installed.",
            "Install it alongside apisetup: pip install keyring",
        )
    if ended.status == _NO_PASSWORD:
        raise ConfigurationError(
            f"The system keyring has no password for {account}.",
            f"Run: keyring set {SERVICE} {shlex.quote(account)}",
        )
    password: str | None = None
    with suppress(UnicodeDecodeError):
        password = ended.output.decode("utf-8") if ended.status == 0 else None
    if password is None:
        # Raised outside the handler, because UnicodeDecodeError contains the bytes and would be chained.
        raise _unusable("cannot be used", setting)
    return Secret(password)


def _unusable(reason: str, setting: str) -> ConfigurationError:
    return ConfigurationError(
        f"The system keyring {reason}.", f"Unlock it first, because it can't prompt here; or change {setting}."
    )
