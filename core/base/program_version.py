"""The version of this program."""

from __future__ import annotations


def program_version() -> str:
    """Return the version of apisetup; `unknown` if it runs without being installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("apisetup")
    except PackageNotFoundError:
        return "unknown"
