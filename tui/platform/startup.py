"""Work that a start puts off until the first picture is on screen."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.base.partial_file import remove_temporary_directories


def remove_what_killed_runs_left() -> None:
    """Remove the temporary directories of killed runs, in a thread that neither delays a picture nor the exit."""
    threading.Thread(target=remove_temporary_directories, name="leftovers", daemon=True).start()


def enable_garbage_collection() -> None:
    """Turn on the collection that was turned off, and exempt the objects that were created meanwhile.

    Modules and classes stay until the end. Without the exemption, each full collection would traverse all of them.
    """
    gc.enable()
    gc.freeze()


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Collect no garbage while the block imports modules and opens an office; nothing of that is garbage."""
    gc.disable()
    try:
        yield
    finally:
        enable_garbage_collection()
