"""The installed command: starts the program, unless another package has taken the name of one of its own.

`core` and `tui` are names that other programs use, too. Python imports the first one it finds, such as one in a
directory of `PYTHONPATH`, so this module looks before it imports any of them.
"""

from __future__ import annotations

# The module `signal` imports others, during which an interrupt would print a traceback.
import _signal  # type: ignore[import-not-found] # Python has no type hints for it
import os
import sys

_PACKAGES = ("core", "tui")
_REMEDY = (
    "Install apisetup in an environment of its own (with uv tool install or pipx install), and take other programs'"
    " directories out of PYTHONPATH."
)


_INTERRUPTED = 128 + _signal.SIGINT


def main() -> int:
    """Run the program, and return the exit status of the process.

    Ctrl+C while modules are imported, or while Python ends, ends the process at once: there is nothing to clean up yet
    or any more, and Python would print a traceback.
    """
    if _signal.getsignal(_signal.SIGINT) is not _signal.default_int_handler:
        # It is ignored, as under nohup.
        return _run()
    _signal.signal(_signal.SIGINT, _end_process)
    try:
        return _run()
    finally:
        _signal.signal(_signal.SIGINT, _end_process)


def _run() -> int:
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
    # Imported here, so that an interrupt during the import ends the process quietly.
    from importlib.util import find_spec

    spec = find_spec(name)
    if spec is None:
        # The import reports what is missing.
        return None
    # A directory without __init__.py has no origin.
    location = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    own = os.path.join(os.path.dirname(__file__), name, "__init__.py")  # noqa: PTH118, PTH120 - pathlib would be slower
    return None if os.path.realpath(location) == os.path.realpath(own) else location


def _end_process(_number: int, _frame: object) -> None:
    os._exit(_INTERRUPTED)


def _refuse(sentence: str) -> int:
    print(f"apisetup: {sentence} {_REMEDY}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
