"""Adding offices to the configuration file and removing them; the rest of the file must not change."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.database.address import FileAddress, ServerAddress
from core.database.tls import Tls
from core.model.authority_name import AuthorityName
from core.offices.config_file import read_configuration
from core.offices.config_writer import add_offices, remove_office
from core.offices.configured_office import ConfiguredOffice
from core.offices.password_source import PasswordSource, SourceKind

PLAIN = ConfiguredOffice("Down town", ServerAddress("db.example", 3306, "od", "u", tls=Tls()))
FULL = ConfiguredOffice(
    name='He said "x" = [1]',
    address=ServerAddress("10.0.0.5", 3307, "od", "u", tls=Tls(Path("/ca.pem"), Path("/c.pem"), Path("/k.pem"))),
    password_from=PasswordSource(SourceKind.COMMAND, "pass show 'my office'"),
    od_user="Job",
    od_password_from=PasswordSource(SourceKind.ENVIRONMENT, "OD_SECRET"),
    tags=("north", "two words"),
    authority=AuthorityName.HEADQUARTERS,
    companion=FileAddress(Path("/var/companion.sqlite3")),
    license_file=Path("/license.txt"),
    license_title="Ours",
    read_only=True,
    production=True,
    lock_after_minutes=5,
)
OFFICES = [
    PLAIN,
    FULL,
    ConfiguredOffice("Open line", ServerAddress("db.example", 3306, "od", "u", tls_off=True)),
    ConfiguredOffice(
        "Open line with a key",
        ServerAddress("db.example", 3306, "od", "u", tls_off=True, server_public_key=Path("/etc/public_key.pem")),
    ),
    ConfiguredOffice("Here, open", ServerAddress("127.0.0.1", 3306, "od", "u", tls_off=True)),
    ConfiguredOffice("Here, with a key", ServerAddress("127.0.0.1", 3306, "od", "u", server_public_key=Path("/k"))),
    ConfiguredOffice("Here", ServerAddress("127.0.0.1", 3306, "od", "u")),
    ConfiguredOffice("Here, verified", ServerAddress("127.0.0.1", 3306, "od", "u", tls=Tls())),
    ConfiguredOffice("Socket", ServerAddress("localhost", 3306, "od", "u", "/run/mysqld.sock")),
    ConfiguredOffice("File", FileAddress(Path("/srv/training.sqlite3"))),
]

COMMENTED = """\
# What this file is for.
lock_after_minutes = 15   # for all

# The first office.
[offices.First]
host = "h"   # its host
database = "d"
user = "u"

# The second office; call Dana before.
[offices."Second one"]
file = "x.sqlite3"
# The end.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "config.toml"


@pytest.fixture
def commented(path: Path) -> Path:
    path.parent.mkdir()
    path.write_text(COMMENTED)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("office", OFFICES, ids=lambda each: each.name)
def test_added_office_is_read_back(path: Path, office: ConfiguredOffice) -> None:
    add_offices(path, [office])
    assert read_configuration(path).offices == (office,)


def test_new_file_is_private(path: Path) -> None:
    add_offices(path, [PLAIN])
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_file_keeps_its_mode(commented: Path) -> None:
    commented.chmod(0o644)
    add_offices(commented, [PLAIN])
    assert commented.stat().st_mode & 0o777 == 0o644


def test_adding_keeps_the_existing_text(commented: Path) -> None:
    add_offices(commented, [PLAIN, FULL])
    assert commented.read_text().startswith(COMMENTED)
    assert [each.name for each in read_configuration(commented).offices][2:] == [PLAIN.name, FULL.name]


def test_adding_after_a_last_line_without_line_break(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("lock_after_minutes = 5 # last")
    add_offices(path, [PLAIN])
    configuration = read_configuration(path)
    assert (configuration.lock_after_minutes, len(configuration.offices)) == (5, 1)


@pytest.mark.parametrize("name", ["First", "FIRST"])
def test_removing_an_office_removes_its_comment_and_no_other(commented: Path, name: str) -> None:
    assert remove_office(commented, name).name == "First"
    assert commented.read_text() == COMMENTED.replace(
        '# The first office.\n[offices.First]\nhost = "h"   # its host\ndatabase = "d"\nuser = "u"\n\n', ""
    )


def test_file_with_a_byte_order_mark_can_be_changed(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('[offices.Training]\nfile = "training.sqlite3"\n', encoding="utf-8-sig")
    add_offices(path, [PLAIN])
    assert [office.name for office in read_configuration(path).offices] == ["Training", PLAIN.name]
    remove_office(path, "Training")
    assert [office.name for office in read_configuration(path).offices] == [PLAIN.name]


def test_removing_needs_the_whole_name(commented: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no office fir\. Did you mean First"):
        remove_office(commented, "fir")
    assert commented.read_text() == COMMENTED


def test_comment_at_the_top_of_the_file_is_kept(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('# Ask Dana before changing this.\n[offices.A]\nfile = "a"\n\n# B\n[offices.B]\nfile = "b"\n')
    remove_office(path, "A")
    assert path.read_text() == '# Ask Dana before changing this.\n\n# B\n[offices.B]\nfile = "b"\n'


def test_removing_a_last_office_without_line_break(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'[offices.A]\r\nfile = "a"\r\n\r\n# B\r\n[offices.B]\r\nfile = "b"')
    remove_office(path, "B")
    assert path.read_bytes() == b'[offices.A]\r\nfile = "a"\r\n'


def test_removing_the_first_office_leaves_no_blank_line_at_the_top(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('[offices.A]\nfile = "a"\n\n[offices.B]\nfile = "b"\n')
    remove_office(path, "A")
    assert path.read_text() == '[offices.B]\nfile = "b"\n'


def test_string_that_looks_like_a_comment_is_kept(path: Path) -> None:
    path.parent.mkdir()
    license_table = '[license]\nfile = "l"\ntitle = """\\\n# 1"""\n'
    path.write_text(f'{license_table}[offices.A]\nfile = "a"\n')
    remove_office(path, "A")
    assert path.read_text() == license_table


def test_removing_all_offices_keeps_the_other_settings(commented: Path) -> None:
    remove_office(commented, "second one")
    remove_office(commented, "first")
    assert read_configuration(commented).offices == ()
    assert [line for line in commented.read_text().splitlines() if line] == [
        "# What this file is for.",
        "lock_after_minutes = 15   # for all",
        "# The end.",
    ]


def test_removing_an_office_with_scattered_dotted_keys(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(
        'offices.A.host = "h"\noffices.B.file = "x"\noffices.A.database = "d"\noffices.A.user = "u"\n[license]\n'
    )
    remove_office(path, "A")
    assert [each.name for each in read_configuration(path).offices] == ["B"]
    assert "[license]" in path.read_text()


def test_taken_name_is_refused(commented: Path) -> None:
    for name in ("First", "first", "SECOND ONE"):
        with pytest.raises(ConfigurationError, match=f"An office named {name} already exists"):
            add_offices(commented, [PLAIN, replace(PLAIN, name=name)])
    assert commented.read_text() == COMMENTED


def test_two_offices_with_the_same_name_are_refused(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="already"):
        add_offices(path, [PLAIN, PLAIN])
    assert not path.exists()


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 61])
def test_invalid_name_is_refused(path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="The name of an office"):
        add_offices(path, [replace(PLAIN, name=name)])
    assert not path.exists()


def test_invalid_office_is_refused_by_its_name(commented: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        add_offices(commented, [PLAIN, replace(PLAIN, name="B", address=ServerAddress("h", 70_000, "d", "u"))])
    assert caught.value.sentence == "The office B cannot be added: port must be a whole number from 1 to 65535."
    assert commented.read_text() == COMMENTED


def test_invalid_file_is_not_changed(commented: Path) -> None:
    commented.write_text("hosst = 1\n")
    for change in (lambda: add_offices(commented, [PLAIN]), lambda: remove_office(commented, "First")):
        with pytest.raises(ConfigurationError, match="line 1"):
            change()
    assert commented.read_text() == "hosst = 1\n"


def test_adding_to_an_inline_table_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('offices = { A = { file = "x" } }\n')
    with pytest.raises(ConfigurationError, match="are in one inline table, offices = ") as caught:
        add_offices(path, [PLAIN])
    assert caught.value.hint == "Write each of them as a table of its own, [offices.NAME], and try again."
    assert path.read_text() == 'offices = { A = { file = "x" } }\n'
    remove_office(path, "A")
    assert read_configuration(path).offices == ()


def test_symbolic_link_is_kept(commented: Path) -> None:
    link = commented.with_name("link.toml")
    link.symlink_to(commented)
    add_offices(link, [PLAIN])
    assert link.is_symlink()
    assert len(read_configuration(commented).offices) == 3


def test_dotted_keys_keep_their_meaning(path: Path) -> None:
    path.parent.mkdir()
    text = 'offices.A.file = "a"\noffices.B.file = "b"\noffices.A.read_only = true\n'
    path.write_text(text)
    add_offices(path, [PLAIN])
    assert path.read_text().startswith(text)
    assert [each.name for each in read_configuration(path).offices] == ["A", "B", PLAIN.name]


def test_socket_is_written_as_an_absolute_path(path: Path) -> None:
    add_offices(path, [replace(PLAIN, address=ServerAddress("localhost", 3306, "od", "u", "here.sock"))])
    (office,) = read_configuration(path).offices
    assert isinstance(office.address, ServerAddress)
    assert office.address.socket == str(Path.cwd() / "here.sock")


def test_file_in_the_same_directory_is_written_as_a_relative_path(commented: Path) -> None:
    add_offices(commented, [replace(PLAIN, companion=FileAddress(commented.with_name("c.sqlite3")))])
    assert 'companion = "c.sqlite3"' in commented.read_text()


def test_only_the_lock_file_is_left_behind(commented: Path) -> None:
    add_offices(commented, [PLAIN])
    assert sorted(each.name for each in commented.parent.iterdir()) == [".config.toml.lock", "config.toml"]


def test_concurrent_additions_lose_no_office(path: Path) -> None:
    threads = [
        threading.Thread(target=add_offices, args=(path, [replace(PLAIN, name=f"Office {number}")]))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.name for each in read_configuration(path).offices) == sorted(f"Office {n}" for n in range(12))
