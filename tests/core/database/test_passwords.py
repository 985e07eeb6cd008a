"""Passwords of database users: sent as UTF-8, whatever their characters, and never repeated in an error."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from core.base.errors import ApiSetupError, ConfigurationError, LoginRefused
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.driver_errors import translate_errors
from core.database.engines import server_engine
from tests.support.fake_mysql import error, fake_mysql, greeting, sending
from tests.support.server import Server

PASSWORDS = [
    "pässwörd-é",
    "пароль密码",
    "euro€sign",
    "\N{KEY} and \N{PERSONAL COMPUTER}",
    " blanks around ",
    "a%b:c@d/e",
]


@contextmanager
def database_user(server: Server, password: str) -> Iterator[ServerAddress]:
    """Create a user with this password, and drop it at the end."""
    name = f"apisetup_{uuid4().hex[:12]}"
    server.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'")
    try:
        yield ServerAddress(server.host, server.port, "information_schema", name)
    finally:
        server.execute(f"DROP USER '{name}'@'%'")


def sign_in(address: ServerAddress, password: str) -> str:
    """Connect, and return the user that the server authenticated."""
    engine = server_engine(address, Secret(password))
    try:
        with translate_errors(), engine.connect() as connection:
            return str(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar())
    finally:
        engine.dispose()


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_may_have_any_characters(server: Server, password: str) -> None:
    with database_user(server, password) as address:
        assert sign_in(address, password) == f"{address.user}@%"


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_wrong_password_is_refused_without_repeating_it(server: Server, password: str) -> None:
    with database_user(server, "right") as address, pytest.raises(LoginRefused) as refused:
        sign_in(address, password)
    assert password not in "".join(traceback.format_exception(refused.value))


def test_bytes_of_the_environment_that_are_no_text_are_sent_as_they_are() -> None:
    with (
        fake_mysql(sending(greeting(), error(2, 1045, "no"))) as port,
        pytest.raises(LoginRefused),
    ):
        sign_in(ServerAddress("127.0.0.1", port, "d", "u"), b"latin-1: \xe4".decode("utf-8", "surrogateescape"))


def test_a_password_that_is_no_text_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError) as refused:
        sign_in(ServerAddress("127.0.0.1", 1, "d", "u"), f"secret {chr(0xD800)}")
    shown = "".join(traceback.format_exception(refused.value))
    assert "\\ud800" not in shown
    assert isinstance(refused.value, ApiSetupError)
