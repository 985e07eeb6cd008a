"""Parsing of the addresses given with --url, and the files that belong to an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.database.address import FileAddress, ServerAddress, parse_address
from core.database.tls import Tls
from core.offices.paths import find_paths


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql+pymysql://odbc@db:3307/opendental", ServerAddress("db", 3307, "opendental", "odbc", tls=Tls())),
        ("mysql://odbc@db/opendental", ServerAddress("db", 3306, "opendental", "odbc", tls=Tls())),
        ("mariadb://odbc@10.0.0.4/opendental", ServerAddress("10.0.0.4", 3306, "opendental", "odbc", tls=Tls())),
        (
            "mariadb+pymysql://odbc@[fe80::1]:3306/opendental",
            ServerAddress("fe80::1", 3306, "opendental", "odbc", tls=Tls()),
        ),
        ("mysql://o%40d@db/my%20practice", ServerAddress("db", 3306, "my practice", "o@d", tls=Tls())),
        (
            "mysql://root@/opendental?unix_socket=/run/mysqld/mysqld.sock",
            ServerAddress("localhost", 3306, "opendental", "root", "/run/mysqld/mysqld.sock"),
        ),
        ("sqlite:////var/lib/practice.db", FileAddress(Path("/var/lib/practice.db"))),
        ("sqlite:///practice.db", FileAddress(Path("practice.db"))),
        ("sqlite:////srv/my%20practice.db", FileAddress(Path("/srv/my practice.db"))),
    ],
)
def test_a_valid_address_is_parsed(url: str, expected: ServerAddress | FileAddress) -> None:
    assert parse_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mysql+pymysql://odbc:s3cret@db/opendental",
        "mysql+pymysql://odbc:@db/opendental",
        "mysql+pymysql://odbc:s3cret@db:3306/opendental?unix_socket=/x",
        "mysql+pymysql://odbc:s3/cret@db/opendental",
        "mysql+pymysql://odbc:s3#cret@db/opendental",
        "mysql+pymysql://odbc:s3?cret@db/opendental",
        "sqlite://odbc:s3cret@db/opendental",
        "postgresql://odbc:s3cret@db/opendental",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_address(url)
    message = str(caught.value)
    assert "s3" not in message
    assert "cret" not in message
    assert "APISETUP_PASSWORD" in message or "not valid" in message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "opendental",
        "mysql://db/opendental",
        "mysql://odbc@db",
        "mysql://odbc@db/",
        "mysql://odbc@/opendental",
        "mysql://odbc@db:port/opendental",
        "mysql://odbc@db:99999/opendental",
        "mysql://[odbc@db/opendental",
        "mysql://odbc@db/opendental?password=s3cret",
        "mysql://odbc@db/opendental?passwd=s3cret",
        "postgresql://odbc@db/opendental",
        "sqlite://",
        "sqlite:///",
    ],
)
def test_an_invalid_address_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_address(url)
    assert caught.value.hint
    assert "s3cret" not in str(caught.value)


def test_labels_have_no_password() -> None:
    assert ServerAddress("db", 3306, "opendental", "odbc", tls=Tls()).label == "opendental on db:3306 as odbc"
    assert ServerAddress("localhost", 3306, "od", "root", "/run/s.sock").label == "od on /run/s.sock as root"
    assert FileAddress(Path("/var/practice.db")).label == "/var/practice.db"


def test_files_are_next_to_the_configuration(tmp_path: Path) -> None:
    paths = find_paths({"APISETUP_CONFIG": str(tmp_path / "mine.toml")})
    assert paths.configuration == tmp_path / "mine.toml"
    assert paths.embedded_practice == tmp_path / "practice.sqlite3"


def test_each_practice_on_a_server_has_its_own_companion(tmp_path: Path) -> None:
    paths = find_paths({"APISETUP_CONFIG": str(tmp_path / "mine.toml")})
    addresses = [
        ServerAddress("db", 3306, "opendental", "odbc", tls=Tls()),
        ServerAddress("db", 3307, "opendental", "odbc", tls=Tls()),
        ServerAddress("db", 3306, "opendental2", "odbc"),
        ServerAddress("db2", 3306, "opendental", "odbc"),
        ServerAddress("localhost", 3306, "opendental", "odbc", "/run/mysqld.sock"),
    ]
    companions = [paths.companion_of(address) for address in addresses]
    assert len(set(companions)) == len(addresses)
    assert {path.parent for path in companions} == {tmp_path / "companions"}
    assert paths.companion_of(ServerAddress("db", 3306, "opendental", "other")) == companions[0]


@pytest.mark.parametrize(("host", "database"), [("../../etc", "x"), ("db", "../../x"), ("db", "a/b"), ("..", "..")])
def test_no_name_escapes_the_directory(tmp_path: Path, host: str, database: str) -> None:
    paths = find_paths({"APISETUP_CONFIG": str(tmp_path / "mine.toml")})
    path = paths.companion_of(ServerAddress(host, 3306, database, "odbc"))
    assert path.resolve().parent == (tmp_path / "companions").resolve()


def test_names_that_differ_only_in_special_characters_have_their_own_companions(tmp_path: Path) -> None:
    paths = find_paths({"APISETUP_CONFIG": str(tmp_path / "mine.toml")})
    one, two = (paths.companion_of(ServerAddress("db", 3306, name, "odbc")) for name in ("praxis ä", "praxis ö"))
    assert one != two


@pytest.mark.parametrize("url", ["mysql://u%1b]0;x%07@db/d", "mysql://u@db/d%0a", "mysql://u@d\udc80b/d"])
def test_an_address_that_can_not_be_printed_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"can't be printed|not valid"):
        parse_address(url)
