"""The libraries that each part of core imports."""

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
    "core.offices.config_file",
    "core.offices.paths",
    "core.database.address",
    "core.base.secret",
    "core.model.actor",
    "core.base.errors",
)


SHOW_EMBEDDED = """
from datetime import datetime
from pathlib import Path
from random import Random
from core.base.runtime import RuntimeContext
from core.database.address import FileAddress
from core.model.agreement import default_agreement
from core.office.opening import open_file_office
office = open_file_office(
    FileAddress(Path(sys.argv[1])), default_agreement(), RuntimeContext(datetime.now, Random(), "test", "Admin")
)
office.users.account("Admin")
office.resolve_pending()
office.settings.load()
office.keys.list()
"""
"""The calls of the first screen for a practice in a file."""


def loaded_by(*modules: str) -> set[str]:
    """The top-level modules in a fresh interpreter that imported these."""
    return {name.split(".")[0] for name in loaded_after(f"for name in {modules!r}: __import__(name)")}


def loaded_after(program: str, *arguments: str) -> set[str]:
    """All modules in a fresh interpreter that ran a program."""
    command = [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules)", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_core_knows_no_terminal() -> None:
    assert len(MODULES) > 30
    assert loaded_by(*MODULES).isdisjoint({"textual", "rich", "tui"})


@pytest.mark.parametrize("module", LIGHT)
def test_what_starts_before_the_database_is_light(module: str) -> None:
    assert loaded_by(module).isdisjoint({"sqlalchemy", "pymysql", "textual", "rich"})


def test_what_asks_headquarters_is_loaded_when_it_is_asked() -> None:
    assert loaded_by(*MODULES).isdisjoint({"httpx", "httpcore", "defusedxml", "jinja2"})
    assert loaded_by(*ASKS_HEADQUARTERS).isdisjoint({"sqlalchemy", "pymysql", "httpx", "httpcore", "defusedxml"})


def test_nothing_loads_the_object_mapper() -> None:
    program = f"for name in {MODULES!r}: __import__(name)"
    assert not [name for name in loaded_after(program) if name.startswith("sqlalchemy.orm")]


def test_the_first_screen_of_a_practice_in_a_file_loads_only_what_it_uses(tmp_path: Path) -> None:
    practice = str(tmp_path / "own" / "practice.sqlite3")
    loaded_after(SHOW_EMBEDDED, practice)  # creates it
    loaded = loaded_after(SHOW_EMBEDDED, practice)
    assert "sqlalchemy" in loaded
    unused = {
        "core.audit.activity",
        "core.audit.export",
        "core.audit.search",
        "core.audit.verification",
        "core.companion.journal",
        "core.companion.tables.fleet",
        "core.companion.tables.headquarters",
        "core.companion.tables.reviews",
        "core.companion.tables.seals",
        "core.companion.tables.use",
        "core.database.authentication",
        "core.database.connect_failure",
        "core.database.server_errors",
        "core.headquarters.authority",
        "core.keys.pasted_key",
        "core.licenses.service",
        "core.model.event_values",
        "core.model.key_events",
        "core.office.demo",
        "core.opendental.optional_tables",
        "core.practice.grants",
        "core.payment_types.service",
        "core.recovery.service",
        "core.subscriptions.service",
        "core.undo.service",
        "httpx",
        "pymysql",
        "sqlalchemy.dialects.mysql",
        "sqlalchemy.orm",
        "xml.etree.ElementTree",
    }
    assert loaded.isdisjoint(unused), loaded & unused
