"""Offices from a workstation's configuration, and from the list of a central manager."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from core.base.errors import ConfigurationError, LoginRefused, NotAPractice
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.tls import Tls
from core.offices.importer import from_central_manager, from_workstation, renamed
from tests.support.server import Server

WORKSTATION = """<?xml version="1.0" encoding="utf-8"?>
<ConnectionSettings>
  <DatabaseConnection>
    <ComputerName>SERVER</ComputerName>
    <Database>opendental</Database>
    <User>oduser</User>
    <Password>{password}</Password>
    <MySQLPassHash>{hashed}</MySQLPassHash>
    <SslCa>{authority}</SslCa>
    <NoShowOnStartup>True</NoShowOnStartup>
  </DatabaseConnection>
</ConnectionSettings>
"""


def file(path: Path, text: str | bytes) -> Path:
    made = path / "FreeDentalConfig.xml"
    made.write_bytes(text if isinstance(text, bytes) else text.encode())
    return made


def workstation(password: str = "", hashed: str = "", authority: str = "") -> str:
    return WORKSTATION.format(password=password, hashed=hashed, authority=authority)


def test_a_workstation_tells_the_database_and_its_user(tmp_path: Path) -> None:
    (office,) = from_workstation(file(tmp_path, workstation()), "Downtown").offices
    assert (office.name, office.address) == (
        "Downtown",
        ServerAddress("SERVER", 3306, "opendental", "oduser", tls=Tls()),
    )


def test_an_office_without_a_name_is_called_after_its_database(tmp_path: Path) -> None:
    (office,) = from_workstation(file(tmp_path, workstation())).offices
    assert office.name == "opendental@SERVER"


@pytest.mark.parametrize(
    ("password", "hashed", "words"),
    [
        ("hunter2", "", "Its password stands there in clear; it is not copied."),
        ("", "6rC4bJ", "Its password is encrypted in a way that only Open Dental reads."),
        ("", "", "It has no password."),
    ],
)
def test_its_password_is_never_taken_and_it_is_said_which_it_was(
    tmp_path: Path, password: str, hashed: str, words: str
) -> None:
    found = from_workstation(file(tmp_path, workstation(password, hashed)))
    assert any(remark.startswith(words) for remark in found.remarks)
    assert "hunter2" not in repr(found)
    assert "6rC4bJ" not in repr(found)


def test_a_certificate_has_to_be_copied_by_hand(tmp_path: Path) -> None:
    found = from_workstation(file(tmp_path, workstation(authority=r"C:\OpenDentalCerts\ca.pem")))
    assert found.remarks[0] == ("The certificate ca.pem is on the workstation; copy it, and name it as tls_ca.")


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("db.example:3307", "db.example", 3307),
        ("10.0.0.5", "10.0.0.5", 3306),
        ("[2001:db8::1]:3308", "2001:db8::1", 3308),
        ("2001:db8::1", "2001:db8::1", 3306),
        (" server\n", "server", 3306),
    ],
)
def test_a_computer_may_come_with_a_port(tmp_path: Path, written: str, host: str, port: int) -> None:
    text = workstation().replace("SERVER", written)
    (office,) = from_workstation(file(tmp_path, text)).offices
    assert isinstance(office.address, ServerAddress)
    assert (office.address.host, office.address.port) == (host, port)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("server:70000", "port must be a whole number from 1 to 65535."),
        ("server:0", "port must be a whole number from 1 to 65535."),
        ("server:999999", "host must be a name or an address without a port."),
        ("server:x", "host must be a name or an address without a port."),
        ("srv\u202ex", "host has characters that cannot be printed."),
    ],
)
def test_a_computer_that_no_office_can_have_gets_a_sentence(tmp_path: Path, written: str, words: str) -> None:
    path = file(tmp_path, workstation().replace("SERVER", written))
    with pytest.raises(ConfigurationError) as caught:
        from_workstation(path)
    assert caught.value.sentence == f"{path} names a database that cannot be opened: {words}"


def test_a_port_of_many_digits_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="without a port"):
        from_workstation(file(tmp_path, workstation().replace("SERVER", f"server:{'9' * 5000}")))


@pytest.mark.parametrize(
    "content",
    [
        workstation().encode("utf-8-sig"),
        workstation().replace("utf-8", "utf-16").encode("utf-16"),
        workstation().lower().replace("<server>", "").encode(),
        b"<DatabaseConnection><Database>opendental</Database><ComputerName>SERVER</ComputerName></DatabaseConnection>",
    ],
)
def test_encodings_capitals_and_order_do_not_matter(tmp_path: Path, content: bytes) -> None:
    (office,) = from_workstation(file(tmp_path, content)).offices
    assert isinstance(office.address, ServerAddress)
    assert (office.address.host.upper(), office.address.database) == ("SERVER", "opendental")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no XML file"),
        ("not xml", "no XML file"),
        ("<a>", "no XML file"),
        ("<html><body/></html>", "it has no DatabaseConnection"),
        ("<ConnectionSettings/>", "names no computer and database"),
        (
            "<ConnectionSettings><ServerConnection><URI>https://x/</URI></ServerConnection></ConnectionSettings>",
            "Middle Tier",
        ),
        ('<!DOCTYPE a [<!ENTITY b "c">]><ConnectionSettings>&b;</ConnectionSettings>', "no XML file"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><ConnectionSettings/>', "no XML file"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "no XML file"),
        (b"\xff\xfe\x00", "no XML file"),
        (b"<a>" + b" " * 1_000_001, "too large"),
    ],
)
def test_another_file_gets_a_sentence(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        from_workstation(file(tmp_path, content))
    assert caught.value.hint


def test_a_missing_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file or directory"):
        from_workstation(tmp_path / "missing.xml")


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    found = from_workstation(file(tmp_path, workstation()), "Downtown")
    assert [each.name for each in renamed(found, ["downtown", "Downtown (2)"]).offices] == ["Downtown (3)"]


# -- the central manager -------------------------------------------------------------

COLUMNS = """
CREATE TABLE centralconnection (
    CentralConnectionNum bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    ServerName varchar(255), DatabaseName varchar(255), MySqlUser varchar(255), MySqlPassword varchar(255),
    ServiceURI varchar(255), OdUser varchar(255), OdPassword varchar(255), Note text, ItemOrder int NOT NULL,
    WebServiceIsEcw tinyint NOT NULL, ConnectionStatus varchar(255), HasClinicBreakdownReports tinyint NOT NULL
)
"""
ROWS = """
INSERT INTO centralconnection (ServerName, DatabaseName, MySqlUser, MySqlPassword, ServiceURI, OdUser, OdPassword, Note,
    ItemOrder, WebServiceIsEcw, ConnectionStatus, HasClinicBreakdownReports) VALUES
    ('10.0.0.7:3307', 'od_north', 'oduser', 'a-secret', '', 'Admin', 'od-secret', 'North\nby the lake', 2, 0, '', 0),
    ('10.0.0.6', 'od_down', '', '', '', '', '', 'Downtown', 1, 0, 'OK', 0),
    ('', '', '', '', 'https://tier.example/OpenDentalServer', '', '', 'By tier', 3, 0, '', 0),
    ('10.0.0.8', 'od_x', 'u', '', '', '', '', '', 4, 0, '', 0),
    ('10.0.0.9', 'od_y', 'u', '', '', '', '', 'Downtown', 5, 0, '', 0),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 6, 0, NULL, 0)
"""


@pytest.fixture
def central(server: Server) -> Iterator[ServerAddress]:
    database = f"apisetup_test_{uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {database}")
    try:
        with server.connection(database) as connection, connection.cursor() as cursor:
            cursor.execute(COLUMNS)
            cursor.execute(ROWS)
        yield ServerAddress(server.host, server.port, database, server.user)
    finally:
        server.execute(f"DROP DATABASE {database}")


def test_the_central_managers_offices_come_in_its_order(central: ServerAddress, server: Server) -> None:
    found = from_central_manager(central, Secret(server.password), ["downtown"])
    assert [(each.name, each.address) for each in found.offices] == [
        ("Downtown (2)", ServerAddress("10.0.0.6", 3306, "od_down", server.user, tls=Tls())),
        ("North", ServerAddress("10.0.0.7", 3307, "od_north", "oduser", tls=Tls())),
        ("od_x@10.0.0.8", ServerAddress("10.0.0.8", 3306, "od_x", "u", tls=Tls())),
        ("Downtown (3)", ServerAddress("10.0.0.9", 3306, "od_y", "u", tls=Tls())),
    ]
    assert found.remarks == (
        "By tier is reached by Middle Tier, and is left out.",
        "Connection 6 names no server and database, and is left out.",
        "Passwords are not taken: they are encrypted there. Each office asks for its own.",
    )
    assert "secret" not in repr(found)


def test_a_row_that_no_office_can_have_is_left_out_with_the_reason(central: ServerAddress, server: Server) -> None:
    with server.connection(central.database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE centralconnection SET ServerName = 'srv:70000' WHERE Note = 'Downtown' AND ItemOrder = 1"
        )
        cursor.execute("UPDATE centralconnection SET DatabaseName = CHAR(111, 7, 100) WHERE ItemOrder = 4")
    found = from_central_manager(central, Secret(server.password), [])
    assert [each.name for each in found.offices] == ["North", "Downtown"]
    assert found.remarks[0] == "Downtown is left out: port must be a whole number from 1 to 65535."
    assert found.remarks[2] == "Connection 4 is left out: database has characters that cannot be printed."


def test_a_user_who_may_not_read_the_passwords_is_enough(central: ServerAddress, server: Server) -> None:
    user = f"apisetup_{uuid4().hex[:8]}"
    columns = "CentralConnectionNum, ServerName, DatabaseName, MySqlUser, ServiceURI, Note, ItemOrder"
    server.execute(
        f"CREATE USER '{user}'@'%' IDENTIFIED BY 'x'",
        f"GRANT SELECT ({columns}) ON {central.database}.centralconnection TO '{user}'@'%'",
    )
    try:
        address = ServerAddress(central.host, central.port, central.database, user)
        assert len(from_central_manager(address, Secret("x"), []).offices) == 4
    finally:
        server.execute(f"DROP USER '{user}'@'%'")


def test_another_database_is_none_of_a_central_manager(central: ServerAddress, server: Server) -> None:
    for change in ("ALTER TABLE centralconnection DROP COLUMN Note", "DROP TABLE centralconnection"):
        with server.connection(central.database) as connection, connection.cursor() as cursor:
            cursor.execute(change)
        with pytest.raises(NotAPractice, match="no list of a central manager"):
            from_central_manager(central, Secret(server.password), [])


def test_a_refused_database_user_is_told_as_ever(central: ServerAddress) -> None:
    address = ServerAddress(central.host, central.port, central.database, "nobody_of_that_name")
    with pytest.raises(LoginRefused):
        from_central_manager(address, Secret("wrong"), [])
