"""The installed command: starts the program, unless another package has taken the name of one of its own.

`core` and `tui` are names that other programs use, too. Python imports the first one it finds, such as one in a
directory of `PYTHONPATH`, so this module looks before it imports any of them.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

_PACKAGES = ("core", "tui")
_REMEDY = (
    "Install apisetup in an environment of its own (with uv tool install or pipx install), and take other programs'"
    " directories out of PYTHONPATH."
)


def main() -> int:
    """Run the program, and return the exit status of the process."""
    for name in _PACKAGES:
        foreign = _foreign_location(name)
        if foreign is not None:
            return _refuse(f"Python finds another program's package {name} instead of apisetup's own: {foreign}.")
    try:
        from tui.__main__ import main as run
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _PACKAGES:
            raise
        return _refuse(f"The module {error.name} of apisetup is missing: another package was installed over it.")
    return run()


def _foreign_location(name: str) -> str | None:
    """Return where Python would import a package from, if it's not beside this file; it isn't imported."""
    spec = find_spec(name)
    if spec is None:
        # The import reports what is missing.
        return None
    # A directory without __init__.py has no origin.
    location = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    own = os.path.join(os.path.dirname(__file__), name, "__init__.py")  # noqa: PTH118, PTH120 - pathlib would be slower
    return None if os.path.realpath(location) == os.path.realpath(own) else location


def _refuse(sentence: str) -> int:
    print(f"apisetup: {sentence} {_REMEDY}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
