"""Which libraries each part of core brings with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "core").rglob("*.py")
)
ASKS_HEADQUARTERS = (
    "core.headquarters.client",
    "core.headquarters.requests",
    "core.headquarters.responses",
)
LIGHT = (
    "core.offices.open_request",
    "core.offices.config",
    "core.offices.paths",
    "core.database.address",
    "core.base.secret",
    "core.model.actor",
    "core.base.errors",
)


def loaded_by(*modules: str) -> set[str]:
    """The top-level modules in a fresh interpreter that imported these."""
    program = f"import sys\nfor name in {modules!r}: __import__(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_core_knows_no_terminal() -> None:
    assert len(MODULES) > 30
    assert loaded_by(*MODULES).isdisjoint({"textual", "rich", "tui"})


@pytest.mark.parametrize("module", LIGHT)
def test_what_starts_before_the_database_is_light(module: str) -> None:
    assert loaded_by(module).isdisjoint({"sqlalchemy", "pymysql", "textual", "rich"})


def test_what_asks_headquarters_is_loaded_when_it_is_asked() -> None:
    assert loaded_by(*MODULES).isdisjoint({"httpx", "httpcore", "defusedxml"})
    assert loaded_by(*ASKS_HEADQUARTERS).isdisjoint({"sqlalchemy", "pymysql", "httpx", "httpcore", "defusedxml"})
