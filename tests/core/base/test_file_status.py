"""The status of a path: a file, nothing, or a file that this account may not see; the same on every Python."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from core.audit.export_target import validate_target
from core.base.errors import ApiSetupError, InvalidInput, StorageFailed
from core.base.file_status import entry_status, file_status, is_directory
from core.base.private_file import create_private_directory, replace_private_file
from core.check.companion import check_companion
from core.check.connection import check_address
from core.check.result import CheckStatus
from core.companion.opening import CompanionSource
from core.database.address import FileAddress
from core.database.engines import file_engine, read_only_file_engine
from core.offices.config_file import read_configuration
from tests.support.privileges import forbidden

# The only Path methods that ask the system about a path and hide its answer.
_GUESSES = re.compile(r"\.(is_file|is_dir|is_symlink|is_fifo|is_mount|exists)\(\)|os\.path\.(l?exists|is\w+)\(")
_ROOT = Path(__file__).parents[3]


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A directory with a file in it."""
    directory = tmp_path / "locked"
    directory.mkdir()
    (directory / "practice.sqlite3").touch(0o600)
    return directory


def test_nothing_is_at_a_path_that_is_missing_or_goes_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "missing", tmp_path / "missing" / "file", tmp_path / "file" / "below"):
        assert file_status(path) is None
        assert entry_status(path) is None
        assert not is_directory(path)


def test_a_link_to_nothing_is_an_entry_and_leads_nowhere(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "missing")
    assert file_status(link) is None
    assert entry_status(link) is not None


def test_what_the_system_does_not_say_is_an_error(tmp_path: Path, locked: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (loop, tmp_path / ("x" * 300), tmp_path / "a\0b"):
        with pytest.raises(OSError, match=r"symbolic links|too long|Invalid argument"):
            file_status(path)
    for ask in (file_status, entry_status, is_directory):
        with forbidden(locked), pytest.raises(PermissionError):
            ask(locked / "practice.sqlite3")


def test_a_directory_that_may_not_be_entered_is_named_as_the_reason(locked: Path) -> None:
    practice = locked / "practice.sqlite3"
    opened: list[ApiSetupError] = []
    for create in (file_engine, read_only_file_engine):
        with forbidden(locked), pytest.raises(StorageFailed, match="Permission denied") as refused:
            create(practice)
        opened.append(refused.value)
    assert all(str(practice) in error.sentence and error.hint for error in opened)


def test_a_check_says_that_a_directory_may_not_be_entered(locked: Path) -> None:
    practice = locked / "practice.sqlite3"
    with forbidden(locked):
        address, companion = (
            check_address(FileAddress(practice)),
            next(check_companion(CompanionSource.file(practice), shared=False)),
        )
    assert (address.status, companion.status) == (CheckStatus.FAILED, CheckStatus.WARNING)
    for result in (address, companion):
        assert result.sentence == f"{practice} cannot be opened: Permission denied."
        assert "has access to every directory" in result.hint


def test_a_check_still_says_that_a_file_is_missing(tmp_path: Path) -> None:
    missing = tmp_path / "missing.sqlite3"
    assert check_address(FileAddress(missing)).sentence == f"File not found: {missing}."
    assert next(check_companion(CompanionSource.file(missing), shared=False)).status is CheckStatus.NOTE


def test_an_export_or_configuration_in_such_a_directory_is_refused_with_the_reason(locked: Path) -> None:
    with forbidden(locked):
        for name in (locked / "trail.csv", locked / "below" / "trail.csv"):
            with pytest.raises(InvalidInput, match="Permission denied"):
                validate_target(str(name), may_replace=True)
        with pytest.raises(ApiSetupError, match="Permission denied"):
            read_configuration(locked / "config.toml")


def test_files_are_not_created_or_replaced_there(locked: Path) -> None:
    target = locked / "below" / "file"
    with forbidden(locked):
        for act in (
            partial(create_private_directory, target.parent),
            partial(replace_private_file, target, "text"),
        ):
            with pytest.raises(PermissionError):
                act()


def test_no_module_guesses_what_is_at_a_path() -> None:
    guessing = [
        f"{path.relative_to(_ROOT)}: {match[0]}"
        for folder in ("core", "tui")
        for path in (_ROOT / folder).rglob("*.py")
        if path.name != "file_status.py"
        for match in _GUESSES.finditer(path.read_text(encoding="utf-8"))
    ]
    # SQLAlchemy's `exists()` asks the database.
    assert guessing == ["core/practice/authorization.py: .exists()"]
