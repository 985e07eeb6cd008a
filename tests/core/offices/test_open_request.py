"""The values that a request to open an office derives from the office and the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.base.secret import Secret
from core.database.address import FileAddress, ServerAddress
from core.model.authority_name import AuthorityName
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import LaunchContext, OpenRequest
from core.offices.password_source import PasswordSource, SourceKind
from core.offices.paths import Paths
from tests.support.open_requests import runtime

PATHS = Paths(Path("/config/config.toml"), Path("/log/debug.log"))
CONTEXT = LaunchContext(runtime(), PATHS, {"PW": "from the environment"})
ADDRESS = ServerAddress("db.example", 3306, "od", "u")
SERVER = ConfiguredOffice("Downtown", ADDRESS)
FILE = ConfiguredOffice("Training", FileAddress(Path("/training.sqlite3")))
FROM_ENVIRONMENT = PasswordSource(SourceKind.ENVIRONMENT, "PW")


@pytest.mark.parametrize(
    ("office", "authority"),
    [
        (SERVER, AuthorityName.HEADQUARTERS),
        (FILE, AuthorityName.LOCAL),
        (replace(SERVER, authority=AuthorityName.LOCAL), AuthorityName.LOCAL),
    ],
)
def test_authority_has_a_default_by_address(office: ConfiguredOffice, authority: AuthorityName) -> None:
    assert OpenRequest(office, CONTEXT).authority is authority


@pytest.mark.parametrize(
    ("office", "path"),
    [
        (SERVER, PATHS.companion_of(ADDRESS)),
        (replace(SERVER, companion=FileAddress(Path("/own.sqlite3"))), Path("/own.sqlite3")),
        (FILE, Path("/training.sqlite3")),
    ],
)
def test_companion_has_a_default_by_address(office: ConfiguredOffice, path: Path) -> None:
    assert OpenRequest(office, CONTEXT).companion_address == FileAddress(path)


@pytest.mark.parametrize(("configured", "forced"), [(True, False), (False, True), (True, True)])
def test_read_only_by_configuration_or_by_command_line(configured: bool, forced: bool) -> None:
    request = OpenRequest(replace(SERVER, read_only=configured), replace(CONTEXT, read_only=forced))
    assert request.read_only
    assert not OpenRequest(SERVER, CONTEXT).read_only


def test_password_that_was_given_takes_precedence() -> None:
    office = replace(SERVER, password_from=FROM_ENVIRONMENT)
    assert OpenRequest(office, CONTEXT).read_password() == Secret("from the environment")
    assert OpenRequest(office, CONTEXT, password=Secret("given")).read_password() == Secret("given")


def test_prompts_only_if_there_is_no_other_source() -> None:
    assert OpenRequest(SERVER, CONTEXT).prompts_for_password
    assert OpenRequest(SERVER, CONTEXT).read_password() is None
    assert not OpenRequest(SERVER, CONTEXT, password=Secret("given")).prompts_for_password
    assert not OpenRequest(replace(SERVER, password_from=FROM_ENVIRONMENT), CONTEXT).prompts_for_password


def test_file_needs_no_password() -> None:
    assert not OpenRequest(FILE, CONTEXT).prompts_for_password
    assert OpenRequest(FILE, CONTEXT).read_password() == Secret("")


def test_passwords_are_not_in_the_representation() -> None:
    request = OpenRequest(SERVER, CONTEXT, password=Secret("given"))
    assert "from the environment" not in repr(request)
    assert "given" not in repr(request)
