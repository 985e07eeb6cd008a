"""The configuration file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.database.address import FileAddress, ServerAddress
from core.database.tls import Tls
from core.model.agreement import default_agreement
from core.model.api_key import AuthorityName
from core.offices.config import Configuration, read_configuration
from core.offices.config_lines import last_line_of, line_of
from core.offices.configured_office import ConfiguredOffice
from core.offices.password_source import PROMPT, Kind, PasswordSource
from tests.support.ownership import give_to_root, give_to_stranger


def written(path: Path, text: str | bytes) -> Path:
    file = path / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refused(path: Path, text: str | bytes) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(written(path, text)).agreement()
    return caught.value


def test_no_file_says_nothing(tmp_path: Path) -> None:
    assert read_configuration(tmp_path / "missing.toml") == Configuration()


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert read_configuration(written(tmp_path, "")) == Configuration()


def test_our_own_agreement_is_the_default() -> None:
    agreement = Configuration().agreement()
    assert agreement == default_agreement()
    assert agreement.title == "API Access Agreement"
    assert agreement.text.startswith("API ACCESS AGREEMENT")
    assert agreement.text.isascii()
    assert max(map(len, agreement.text.splitlines())) <= 78


def test_an_office_can_bring_its_own_license(tmp_path: Path) -> None:
    (tmp_path / "license.txt").write_text("Höre: be careful.\n", encoding="utf-8")
    text = '[license]\nfile = "license.txt"\ntitle = " Open Dental API End User License "\n'
    agreement = read_configuration(written(tmp_path, text)).agreement()
    assert agreement.title == "Open Dental API End User License"
    assert agreement.text == "Höre: be careful.\n"
    assert agreement.sha256 == hashlib.sha256("Höre: be careful.\n".encode()).hexdigest()


def test_a_license_without_a_title_has_ours(tmp_path: Path) -> None:
    (tmp_path / "license.txt").write_text("Be careful.")
    assert read_configuration(written(tmp_path, '[license]\nfile = "license.txt"')).agreement().title == (
        "API Access Agreement"
    )


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        ("licence = 1", "licence", "Did you mean license?"),
        ("[license]\nfiel = 'x'", "license.fiel", "Did you mean license.file?"),
        ("[license]\nqqq = 'x'", "license.qqq", "Known here: file, title."),
        ("qqq = 1", "qqq", "Known here: license, offices, lock_after_minutes."),
        ("[offices.A]\nhosst = 'h'", "offices.A.hosst", "Did you mean offices.A.host?"),
        ("[offices.A]\nreadonly = true", "offices.A.readonly", "Did you mean offices.A.read_only?"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(tmp_path: Path, text: str, name: str, hint: str) -> None:
    error = refused(tmp_path, text)
    line = text.count("\n") + 1
    assert error.sentence == f"In {tmp_path / 'config.toml'}, line {line}, the name {name} is not known."
    assert error.hint == hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[license", "is not TOML"),
        (b"\xff\xfe", "is not UTF-8 text"),
        ("license = 1", "license must be a table"),
        ("[license]\nfile = 1", "license.file must be a text"),
        ("[license]\nfile = ' '", "license.file must be a text"),
        ("[license]\ntitle = 'x'", "license.title stands without license.file"),
        ("[license]\nfile = 'missing.txt'", "missing.txt cannot be read"),
        ("[license]\nfile = 'config.toml'\ntitle = []", "license.title must be a text"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str | bytes, words: str) -> None:
    error = refused(tmp_path, text)
    assert words in error.sentence
    assert error.hint


@pytest.mark.parametrize(("character", "times"), [("9", 5000), ("[", 3000)])
def test_a_value_that_goes_on_for_too_long_is_told(tmp_path: Path, character: str, times: int) -> None:
    error = refused(tmp_path, f"a = {character * times}")
    assert error.sentence.endswith("config.toml has a number or brackets that go on for too long.")
    assert error.hint


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00"])
def test_a_license_text_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "license.txt").write_bytes(content)
    assert "license.txt" in refused(tmp_path, "[license]\nfile = 'license.txt'").sentence


def test_a_directory_is_no_configuration_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_configuration(tmp_path)


# -- offices -------------------------------------------------------------------------


SERVER = 'host = "db.example"\ndatabase = "od"\nuser = "apisetup"\n'


def offices(path: Path, text: str) -> tuple[ConfiguredOffice, ...]:
    return read_configuration(written(path, text)).offices


def office(path: Path, lines: str) -> ConfiguredOffice:
    (only,) = offices(path, f"[offices.A]\n{lines}")
    return only


def test_an_office_needs_host_database_and_user(tmp_path: Path) -> None:
    assert office(tmp_path, SERVER) == ConfiguredOffice(
        "A", ServerAddress("db.example", 3306, "od", "apisetup", tls=Tls()), PROMPT
    )


def test_everything_that_an_office_can_say(tmp_path: Path) -> None:
    lines = SERVER + (
        """
        port = 3307
        password_from = "file:pw"
        tls_ca = "ca.pem"
        tls_cert = "/etc/our.pem"
        tls_key = "our.key"
        authority = "local"
        companion = "a.sqlite3"
        license_file = "license.txt"
        license_title = "Ours"
        read_only = true
        production = true
        lock_after_minutes = 10
        """
    )
    assert office(tmp_path, lines) == ConfiguredOffice(
        name="A",
        address=ServerAddress(
            "db.example",
            3307,
            "od",
            "apisetup",
            tls=Tls(tmp_path / "ca.pem", Path("/etc/our.pem"), tmp_path / "our.key"),
        ),
        password_from=PasswordSource(Kind.FILE, str(tmp_path / "pw")),
        authority=AuthorityName.LOCAL,
        companion=tmp_path / "a.sqlite3",
        license_file=tmp_path / "license.txt",
        license_title="Ours",
        read_only=True,
        production=True,
        lock_after_minutes=10,
    )


@pytest.mark.parametrize("host", ["db", "db.example", "10.0.0.5", "::1", "fe80::1%eth0"])
def test_a_host_is_a_name_or_an_address(tmp_path: Path, host: str) -> None:
    address = office(tmp_path, f'host = "{host}"\ndatabase = "d"\nuser = "u"').address
    assert isinstance(address, ServerAddress)
    assert address.host == host


def test_a_host_with_a_port_says_where_the_port_belongs(tmp_path: Path) -> None:
    error = refused(tmp_path, '[offices.A]\nhost = "h:3307"\ndatabase = "d"\nuser = "u"')
    assert error.hint.startswith("Name the port in port")


def test_an_office_in_an_sqlite_file(tmp_path: Path) -> None:
    assert office(tmp_path, 'file = "training.sqlite3"').address == FileAddress(tmp_path / "training.sqlite3")


def test_an_office_behind_a_socket(tmp_path: Path) -> None:
    found = office(tmp_path, 'socket = "/run/mysqld/mysqld.sock"\ndatabase = "od"\nuser = "u"')
    assert found.address == ServerAddress("localhost", 3306, "od", "u", "/run/mysqld/mysqld.sock")


@pytest.mark.parametrize(
    ("lines", "tls"),
    [
        ('host = "127.0.0.1"', None),
        ('host = "localhost"', None),
        ('host = "db.example"', Tls()),
        ('host = "db.example"\ntls = "off"', None),
        ('host = "127.0.0.1"\ntls = "verify"', Tls()),
        ('host = "127.0.0.1"\ntls_ca = "/ca.pem"', Tls(Path("/ca.pem"))),
    ],
)
def test_a_line_that_leaves_this_computer_is_encrypted(tmp_path: Path, lines: str, tls: Tls | None) -> None:
    address = office(tmp_path, f'{lines}\ndatabase = "od"\nuser = "u"').address
    assert isinstance(address, ServerAddress)
    assert address.tls == tls


def test_offices_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    names = ["Uptown", "Down town", "A.B", "Ärzte"]
    found = offices(tmp_path, "".join(f'[offices."{name}"]\nfile = "x"\n' for name in names))
    assert [each.name for each in found] == names


def test_a_limit_for_all_offices(tmp_path: Path) -> None:
    assert read_configuration(written(tmp_path, "lock_after_minutes = 15")).lock_after_minutes == 15


def test_a_limit_for_all_offices_that_no_clock_reaches_is_refused(tmp_path: Path) -> None:
    assert "from 1 to 525600" in refused(tmp_path, f"lock_after_minutes = {'9' * 400}").sentence


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ("", 1, "needs host, database and user"),
        ('host = "h"\nuser = "u"', 1, "needs host, database and user"),
        (SERVER + 'socket = "/s"', 5, "host and socket say two things"),
        ('socket = "/s"\nport = 1\ndatabase = "d"\nuser = "u"', 3, "a socket has no port"),
        (SERVER + "port = 0", 5, "port must be a whole number from 1 to 65535"),
        (SERVER + 'port = "3306"', 5, "port must be a whole number"),
        (SERVER + "port = true", 5, "port must be a whole number"),
        ('host = "h:3307"\ndatabase = "d"\nuser = "u"', 2, "host must be a name or an address without a port"),
        ('host = "[::1]"\ndatabase = "d"\nuser = "u"', 2, "host must be a name or an address without a port"),
        (SERVER + "lock_after_minutes = 0", 5, "lock_after_minutes must be a whole number from 1 to 525600."),
        (SERVER + f"lock_after_minutes = {'9' * 400}", 5, "lock_after_minutes must be a whole number from 1 to"),
        (SERVER + 'tls = "on"', 5, "tls is neither of its two words"),
        (SERVER + 'tls = "off"\ntls_ca = "x"', 5, "tls is off, and tls_ca says how it is on"),
        (SERVER + 'tls_key = "x"', 5, "tls_key stands without tls_cert"),
        (SERVER + 'read_only = "yes"', 5, "read_only must be true or false"),
        (SERVER + 'authority = "me"', 5, "authority is neither of its two words"),
        (SERVER + 'license_title = "x"', 5, "license_title stands without license_file"),
        (SERVER + 'password_from = "hunter2"', 5, "password_from: Where the password comes from cannot be read"),
        ('file = "x"\nhost = "h"', 3, "file and host name two different practices"),
        ('file = "x"\nauthority = "headquarters"', 3, "an SQLite practice has no headquarters"),
        ("file = 1", 2, "file must be a text"),
        ('file = "a\\nb"', 2, "characters that cannot be printed"),
        ('license_title = """\na"""\nfile = "x"', 2, "license_title stands without"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(tmp_path: Path, lines: str, line: int, words: str) -> None:
    error = refused(tmp_path, f"[offices.A]\n{lines}")
    assert error.sentence.startswith(f"In {tmp_path / 'config.toml'}, line {line}, ")
    assert words in error.sentence
    assert error.hint


def test_a_password_in_the_file_is_refused_and_never_repeated(tmp_path: Path) -> None:
    error: BaseException | None = refused(tmp_path, f'[offices.A]\n{SERVER}password = "hunter2"')
    assert "passwords have no place in this file" in str(error)
    while error is not None:
        assert "hunter2" not in f"{error} {error.args}"
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("name", ["", " ", "a ", "a\\nb", "\\u202eA", "x" * 61])
def test_a_name_that_a_list_could_not_show_is_refused(tmp_path: Path, name: str) -> None:
    assert "the name of an office" in refused(tmp_path, f'[offices."{name}"]\nfile = "x"').sentence


def test_names_that_differ_only_in_capitals_are_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, '[offices.north]\nfile = "a"\n[offices.North]\nfile = "b"')
    assert "line 3, the offices north and North differ only in capitals" in error.sentence


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    file = written(tmp_path, "")
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match="so others can write it") as caught:
        read_configuration(file)
    assert caught.value.hint.endswith(f"chmod go-w {file}")


def test_a_file_that_belongs_to_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "lock_after_minutes = 15")
    give_to_stranger(file, monkeypatch)
    with pytest.raises(ConfigurationError, match="belongs to somebody else") as caught:
        read_configuration(file)
    assert "chown" in caught.value.hint


def test_a_link_to_a_file_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(written(tmp_path, ""))
    give_to_stranger(link.resolve(), monkeypatch)
    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        read_configuration(link)


def test_a_file_that_belongs_to_root_is_read_by_any_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path, "lock_after_minutes = 15")
    give_to_root(file, monkeypatch)
    assert read_configuration(file).lock_after_minutes == 15


def test_the_chmod_to_run_can_be_run_as_it_stands(tmp_path: Path) -> None:
    directory = tmp_path / "my offices"
    directory.mkdir()
    file = written(directory, "")
    file.chmod(0o666)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(file)
    assert caught.value.hint.endswith(f"chmod go-w '{file}'")


# -- finding an office ---------------------------------------------------------------


@pytest.fixture
def several(tmp_path: Path) -> Configuration:
    names = ("Downtown", "Down under", "Northside", "north")
    return read_configuration(written(tmp_path, "".join(f'[offices."{name}"]\nfile = "x"\n' for name in names)))


@pytest.mark.parametrize(
    ("asked", "name"), [("Downtown", "Downtown"), ("DOWNTOWN", "Downtown"), ("downt", "Downtown"), ("NORTH", "north")]
)
def test_an_office_is_found_by_its_name_or_its_beginning(several: Configuration, asked: str, name: str) -> None:
    assert several.office(asked).name == name


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("down", "Several offices begin with down. Name one of: Downtown, Down under."),
        ("Dwontown", "has no office Dwontown. Did you mean Downtown?"),
        ("xyz", "has no office xyz. There are: Downtown, Down under, Northside, north."),
        ("", "has no office . There are"),
    ],
)
def test_an_office_that_is_not_found_names_the_nearest(several: Configuration, asked: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        several.office(asked)
    assert words in str(caught.value)


def test_a_beginning_is_not_enough_where_the_whole_name_is_asked_for(several: Configuration) -> None:
    assert several.office("DOWNTOWN", whole=True).name == "Downtown"
    with pytest.raises(ConfigurationError, match=r"has no office down\. Did you mean Downtown, Down under"):
        several.office("down", whole=True)


def test_no_office_at_all_says_how_to_add_one() -> None:
    with pytest.raises(ConfigurationError, match="apisetup offices add"):
        Configuration().office("A")


# -- lines ---------------------------------------------------------------------------

AWKWARD = '''
# [offices.A]
top = """
[offices.A]
host = 1
"""
"offices"."A".'host' = 1
[offices."B # b"]   # a comment
port = [
  1,  # one
  2
]
  user   =   "x"
inline = { deep = { er = 1 } }
[license]
[offices."B # b".deep]
key = 1'''


@pytest.mark.parametrize(
    ("keys", "line", "last"),
    [
        (("top",), 3, 6),
        (("offices", "A", "host"), 7, 7),
        (("offices", "B # b"), 8, 17),
        (("offices", "B # b", "port"), 9, 12),
        (("offices", "B # b", "user"), 13, 13),
        (("offices", "B # b", "inline", "deep", "er"), 14, 14),
        (("license",), 15, 15),
        (("offices", "B # b", "deep", "key"), 17, 17),
        (("missing",), None, None),
    ],
)
def test_the_line_is_found_however_the_file_is_written(
    keys: tuple[str, ...], line: int | None, last: int | None
) -> None:
    for text in (AWKWARD, AWKWARD.replace("\n", "\r\n")):
        assert (line_of(text, keys), last_line_of(text, keys)) == (line, last)


@pytest.mark.parametrize(("character", "times"), [("9", 5000), ("[", 3000)])
def test_what_cannot_be_read_has_no_line(character: str, times: int) -> None:
    text = f"b = 1\na = {character * times}"
    assert (line_of(text, ("b",)), last_line_of(text, ("b",))) == (None, None)


def test_two_hundred_offices_and_a_slip_in_the_last_one(tmp_path: Path) -> None:
    text = "".join(f"[offices.A{number}]\n{SERVER}" for number in range(200)) + "prot = 1"
    assert ", line 801, the name offices.A199.prot is not known" in refused(tmp_path, text).sentence
