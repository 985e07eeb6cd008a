"""Importing offices from a workstation's configuration, and from the list of a Central Manager."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from core.base.errors import ConfigurationError, LoginRefused, NotAPractice
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.tls import Tls
from core.offices.importer import import_from_central_manager, import_from_workstation, rename_duplicates
from core.offices.server_names import ServerName
from tests.support.server import Server

WORKSTATION = """<?xml version="1.0" encoding="utf-8"?>
<ConnectionSettings>
  <DatabaseConnection>
    <ComputerName>SERVER</ComputerName>
    <Database>opendental</Database>
    <User>oduser</User>
    <Password>{password}</Password>
    <MySQLPassHash>{hashed}</MySQLPassHash>
    <SslCa>{certificate}</SslCa>
    <NoShowOnStartup>True</NoShowOnStartup>
  </DatabaseConnection>
</ConnectionSettings>
"""


def write_file(directory: Path, text: str | bytes) -> Path:
    file = directory / "FreeDentalConfig.xml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def nobody_knows(_server: ServerName) -> None:
    """Find no other name of a server."""


def workstation(password: str = "", hashed: str = "", certificate: str = "") -> str:
    return WORKSTATION.format(password=password, hashed=hashed, certificate=certificate)


def test_workstation_file_names_database_and_user(tmp_path: Path) -> None:
    (office,) = import_from_workstation(write_file(tmp_path, workstation()), nobody_knows, "Downtown").offices
    assert (office.name, office.address) == (
        "Downtown",
        ServerAddress("SERVER", 3306, "opendental", "oduser", tls=Tls()),
    )


def test_default_name_is_made_of_database_and_server(tmp_path: Path) -> None:
    (office,) = import_from_workstation(write_file(tmp_path, workstation()), nobody_knows).offices
    assert office.name == "opendental@SERVER"


@pytest.mark.parametrize(
    ("password", "hashed", "words"),
    [
        ("hunter2", "", "The file has the password in clear text; it isn't copied."),
        ("", "6rC4bJ", "Its password is encrypted so that only Open Dental can read it."),
        ("", "", "It has no password."),
    ],
)
def test_password_is_not_imported_and_its_kind_is_remarked(
    tmp_path: Path, password: str, hashed: str, words: str
) -> None:
    result = import_from_workstation(write_file(tmp_path, workstation(password, hashed)), nobody_knows)
    assert any(remark.startswith(words) for remark in result.remarks)
    assert "hunter2" not in repr(result)
    assert "6rC4bJ" not in repr(result)


def test_certificate_is_remarked(tmp_path: Path) -> None:
    result = import_from_workstation(
        write_file(tmp_path, workstation(certificate=r"C:\OpenDentalCerts\ca.pem")), nobody_knows
    )
    assert result.remarks[0] == ("The certificate ca.pem is on the workstation; copy it, and name it as tls_ca.")


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [
        ("db.example:3307", "db.example", 3307),
        ("10.0.0.5", "10.0.0.5", 3306),
        ("[2001:db8::1]:3308", "2001:db8::1", 3308),
        ("2001:db8::1", "2001:db8::1", 3306),
        (" server\n", "server", 3306),
    ],
)
def test_server_with_a_port(tmp_path: Path, server: str, host: str, port: int) -> None:
    text = workstation().replace("SERVER", server)
    (office,) = import_from_workstation(write_file(tmp_path, text), nobody_knows).offices
    assert isinstance(office.address, ServerAddress)
    assert (office.address.host, office.address.port) == (host, port)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("server:70000", "port must be a whole number from 1 to 65535."),
        ("server:0", "port must be a whole number from 1 to 65535."),
        ("server:999999", "host must be a name or an address without a port."),
        ("server:x", "host must be a name or an address without a port."),
        ("srv\u202ex", "host has characters that can't be printed."),
    ],
)
def test_invalid_server_is_refused(tmp_path: Path, server: str, words: str) -> None:
    path = write_file(tmp_path, workstation().replace("SERVER", server))
    with pytest.raises(ConfigurationError) as caught:
        import_from_workstation(path, nobody_knows)
    assert caught.value.sentence == f"{path} names a database that cannot be opened: {words}"


@pytest.mark.parametrize(
    ("server", "means"),
    [
        ("localhost", "refers to the computer where it was entered"),
        ("LocalHost", "refers to the computer where it was entered"),
        ("localhost.", "refers to the computer where it was entered"),
        ("localhost:3307", "refers to the computer where it was entered"),
        ("127.0.0.1", "refers to the computer where it was entered"),
        ("127.0.0.1;port=3307", "refers to the computer where it was entered"),
        ("::1", "refers to the computer where it was entered"),
        ("[::ffff:127.0.0.1]:3307", "refers to the computer where it was entered"),
        ("::", "refers to the computer where it was entered"),
        (".", "refers to the computer where it was entered"),
        ("(local)", "refers to the computer where it was entered"),
        (r"\\FRONT", "is a name that only Windows or Open Dental understands"),
        (r"\\FRONT\OpenDentImages", "is a name that only Windows or Open Dental understands"),
        ("front-server;port=3307", "is a name that only Windows or Open Dental understands"),
    ],
)
def test_a_server_that_means_something_else_from_here_is_not_taken_as_it_is(
    tmp_path: Path, server: str, means: str
) -> None:
    path = write_file(tmp_path, workstation().replace("SERVER", server))
    with pytest.raises(ConfigurationError) as caught:
        import_from_workstation(path, nobody_knows)
    assert caught.value.sentence == f"{path} names its server {server}, which {means}."
    assert "--host" in caught.value.hint


@pytest.mark.parametrize(
    ("server", "called", "host", "port"),
    [
        ("localhost", "db.example", "db.example", 3306),
        ("localhost:3307", "db.example", "db.example", 3307),
        ("localhost:3307", "db.example:3308", "db.example", 3308),
        ("localhost", "localhost", "localhost", 3306),
        (r"\\FRONT", "10.0.0.5", "10.0.0.5", 3306),
        ("front-server;port=3307", "front-server", "front-server", 3307),
        ("front-server ; Port = 3307; x=y", "front-server", "front-server", 3307),
        (".", "[2001:db8::1]:3308", "2001:db8::1", 3308),
        ("SERVER2", "db.example", "db.example", 3306),
    ],
)
def test_a_server_gets_the_name_that_it_has_from_here(
    tmp_path: Path, server: str, called: str, host: str, port: int
) -> None:
    path = write_file(tmp_path, workstation().replace("SERVER", server))
    (office,) = import_from_workstation(path, lambda _server: called).offices
    assert isinstance(office.address, ServerAddress)
    assert (office.address.host, office.address.port) == (host, port)
    assert office.name == f"opendental@{host}"


# -- connection strings ----------------------------------------------------------------


def with_connection_string(text: str, inside: str = "") -> str:
    return f"<ConnectionSettings><ConnectionString>{text}</ConnectionString>{inside}</ConnectionSettings>"


@pytest.mark.parametrize(
    "text",
    [
        "Server=front-server;Port=3307;Database=opendental;User ID=odadmin;Password=secret77;CharSet=utf8",
        "data source = front-server ; port=3307;initial catalog=opendental;uid=odadmin;pwd='a;server=x';",
        'HOST="front-server";PORT=3307;DATABASE=\'opendental\';USER=odadmin;PASSWORD="a"";Database=y"',
        "server=first;Server=front-server:3307;database=opendental;username=odadmin;password=;;",
    ],
)
def test_a_connection_string_is_read_as_open_dental_reads_it(tmp_path: Path, text: str) -> None:
    other = "<DatabaseConnection><ComputerName>other</ComputerName><Database>other</Database></DatabaseConnection>"
    result = import_from_workstation(write_file(tmp_path, with_connection_string(text, other)), nobody_knows)
    (office,) = result.offices
    assert office.address == ServerAddress("front-server", 3307, "opendental", "odadmin", tls=Tls())
    assert "secret77" not in repr(result)
    assert ("The file has the password in clear text" in result.remarks[0]) is ("password=;" not in text)


def test_a_blank_connection_string_is_ignored(tmp_path: Path) -> None:
    text = workstation().replace("<DatabaseConnection>", "<ConnectionString> </ConnectionString><DatabaseConnection>")
    (office,) = import_from_workstation(write_file(tmp_path, text), nobody_knows).offices
    assert office.name == "opendental@SERVER"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Server=localhost;Database=od", "names its server localhost, which refers to the computer"),
        ("Database=od", "names its server localhost, which refers to the computer"),
        ("Server=front;Protocol=pipe;Database=od", "names its server front, which refers to the computer"),
        ("Server=front", "names no database"),
        ("Server=front;Database=", "names no database"),
        ("Server=a,b;Database=od", "names several servers, or no usable port"),
        ("Server=front;Port=hunter2;Database=od", "names several servers, or no usable port"),
        ("Server=front;Port=99999999;Database=od", "port must be a whole number"),
        ("hunter2", "can't be read"),
        ("Server=front;hunter2", "can't be read"),
        ("Server='front;Database=hunter2", "can't be read"),
    ],
)
def test_a_connection_string_that_cannot_be_used_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = write_file(tmp_path, with_connection_string(text))
    with pytest.raises(ConfigurationError, match=words) as caught:
        import_from_workstation(path, nobody_knows)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None or "hunter2" not in repr(caught.value.__cause__)


def test_overlong_port_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="without a port"):
        import_from_workstation(
            write_file(tmp_path, workstation().replace("SERVER", f"server:{'9' * 5000}")), nobody_knows
        )


@pytest.mark.parametrize(
    "content",
    [
        workstation().encode("utf-8-sig"),
        workstation().replace("utf-8", "utf-16").encode("utf-16"),
        workstation().lower().replace("<server>", "").encode(),
        b"<DatabaseConnection><Database>opendental</Database><ComputerName>SERVER</ComputerName></DatabaseConnection>",
    ],
)
def test_encoding_case_and_order_are_ignored(tmp_path: Path, content: bytes) -> None:
    (office,) = import_from_workstation(write_file(tmp_path, content), nobody_knows).offices
    assert isinstance(office.address, ServerAddress)
    assert (office.address.host.upper(), office.address.database) == ("SERVER", "opendental")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "isn't a valid XML file"),
        ("not xml", "isn't a valid XML file"),
        ("<a>", "isn't a valid XML file"),
        ("<html><body/></html>", "it has no DatabaseConnection"),
        ("<ConnectionSettings/>", "names no computer and database"),
        (
            "<ConnectionSettings><ServerConnection><URI>https://x/</URI></ServerConnection></ConnectionSettings>",
            "Middle Tier",
        ),
        ('<!DOCTYPE a [<!ENTITY b "c">]><ConnectionSettings>&b;</ConnectionSettings>', "isn't a valid XML file"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><ConnectionSettings/>', "isn't a valid XML file"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "isn't a valid XML file"),
        (b"\xff\xfe\x00", "isn't a valid XML file"),
        pytest.param(b"<a>" + b" " * 1_000_001, "it has more than 1,000,000 bytes", id="too large"),
    ],
)
def test_other_file_is_refused(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        import_from_workstation(write_file(tmp_path, content), nobody_knows)
    assert caught.value.hint


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file or directory"):
        import_from_workstation(tmp_path / "missing.xml", nobody_knows)


def test_taken_name_gets_a_number(tmp_path: Path) -> None:
    result = import_from_workstation(write_file(tmp_path, workstation()), nobody_knows, "Downtown")
    assert [each.name for each in rename_duplicates(result, ["downtown", "Downtown (2)"]).offices] == ["Downtown (3)"]


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


def test_central_manager_offices_keep_their_order(central: ServerAddress, server: Server) -> None:
    result = import_from_central_manager(central, Secret(server.password), ["downtown"], nobody_knows)
    assert [(each.name, each.address) for each in result.offices] == [
        ("Downtown (2)", ServerAddress("10.0.0.6", 3306, "od_down", server.user, tls=Tls())),
        ("North", ServerAddress("10.0.0.7", 3307, "od_north", "oduser", tls=Tls())),
        ("od_x@10.0.0.8", ServerAddress("10.0.0.8", 3306, "od_x", "u", tls=Tls())),
        ("Downtown (3)", ServerAddress("10.0.0.9", 3306, "od_y", "u", tls=Tls())),
    ]
    assert result.remarks == (
        "By tier is reached by Middle Tier, and was skipped.",
        "Connection 6 names no server and database, and was skipped.",
        "Passwords aren't imported because they are encrypted. Each office prompts for its own.",
    )
    assert "secret" not in repr(result)


def test_central_manager_groups_become_tags(central: ServerAddress, server: Server) -> None:
    with server.connection(central.database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE connectiongroup (ConnectionGroupNum bigint, Description varchar(255))")
        cursor.execute("CREATE TABLE conngroupattach (ConnectionGroupNum bigint, CentralConnectionNum bigint)")
        cursor.execute("INSERT INTO connectiongroup VALUES (1, 'North coast'), (2, 'Pilot'), (3, '')")
        cursor.execute("INSERT INTO conngroupattach VALUES (1, 1), (2, 1), (3, 1), (1, 2)")
    result = import_from_central_manager(central, Secret(server.password), [], nobody_knows)
    assert {each.name: each.tags for each in result.offices if each.tags} == {
        "North": ("North coast", "Pilot"),
        "Downtown": ("North coast",),
    }


def test_invalid_row_is_left_out_with_the_reason(central: ServerAddress, server: Server) -> None:
    with server.connection(central.database) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE centralconnection SET ServerName = 'srv:70000' WHERE Note = 'Downtown' AND ItemOrder = 1"
        )
        cursor.execute("UPDATE centralconnection SET DatabaseName = CHAR(111, 7, 100) WHERE ItemOrder = 4")
    result = import_from_central_manager(central, Secret(server.password), [], nobody_knows)
    assert [each.name for each in result.offices] == ["North", "Downtown"]
    assert result.remarks[0] == "Downtown was skipped: port must be a whole number from 1 to 65535."
    assert result.remarks[2] == "Connection 4 was skipped: database has characters that can't be printed."


def test_a_server_on_the_central_managers_own_computer_is_named_or_left_out(
    central: ServerAddress, server: Server
) -> None:
    with server.connection(central.database) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE centralconnection SET ServerName = 'localhost:3307' WHERE ItemOrder = 1")
        cursor.execute(r"UPDATE centralconnection SET ServerName = '\\\\FRONT' WHERE ItemOrder = 2")
    password = Secret(server.password)
    left_out = import_from_central_manager(central, password, [], nobody_knows)
    assert [each.name for each in left_out.offices] == ["od_x@10.0.0.8", "Downtown"]
    assert left_out.remarks[:2] == (
        "Downtown was skipped: its server localhost:3307 refers to the computer where it was entered. Use --host to"
        " give that computer's name as seen from here.",
        "North was skipped: its server \\\\FRONT is a name that only Windows or Open Dental understands. Add it"
        " yourself: apisetup offices add.",
    )
    named = import_from_central_manager(
        central, password, [], lambda each: "cemt.example" if each.is_own_computer else None
    )
    assert [each.name for each in named.offices] == ["Downtown", "od_x@10.0.0.8", "Downtown (2)"]
    assert named.offices[0].address == ServerAddress("cemt.example", 3307, "od_down", server.user, tls=Tls())


def test_user_without_access_to_the_passwords_is_enough(central: ServerAddress, server: Server) -> None:
    user = f"apisetup_{uuid4().hex[:8]}"
    columns = "CentralConnectionNum, ServerName, DatabaseName, MySqlUser, ServiceURI, Note, ItemOrder"
    server.execute(
        f"CREATE USER '{user}'@'%' IDENTIFIED BY 'x'",
        f"GRANT SELECT ({columns}) ON {central.database}.centralconnection TO '{user}'@'%'",
    )
    try:
        address = ServerAddress(central.host, central.port, central.database, user)
        assert len(import_from_central_manager(address, Secret("x"), [], nobody_knows).offices) == 4
    finally:
        server.execute(f"DROP USER '{user}'@'%'")


def test_other_database_is_refused(central: ServerAddress, server: Server) -> None:
    for change in ("ALTER TABLE centralconnection DROP COLUMN Note", "DROP TABLE centralconnection"):
        with server.connection(central.database) as connection, connection.cursor() as cursor:
            cursor.execute(change)
        with pytest.raises(NotAPractice, match="no list of a central manager"):
            import_from_central_manager(central, Secret(server.password), [], nobody_knows)


def test_refused_database_user(central: ServerAddress) -> None:
    address = ServerAddress(central.host, central.port, central.database, "nobody_of_that_name")
    with pytest.raises(LoginRefused):
        import_from_central_manager(address, Secret("wrong"), [], nobody_knows)
