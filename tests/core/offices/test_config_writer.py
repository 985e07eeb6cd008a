"""Writing offices into the configuration file, and what else is in it stays."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.database.address import FileAddress, ServerAddress
from core.database.tls import Tls
from core.model.api_key import AuthorityName
from core.offices.config import read_configuration
from core.offices.config_writer import add_offices, remove_office
from core.offices.configured_office import ConfiguredOffice
from core.offices.password_source import Kind, PasswordSource

PLAIN = ConfiguredOffice("Down town", ServerAddress("db.example", 3306, "od", "u", tls=Tls()))
FULL = ConfiguredOffice(
    name='He said "x" = [1]',
    address=ServerAddress("10.0.0.5", 3307, "od", "u", tls=Tls(Path("/ca.pem"), Path("/c.pem"), Path("/k.pem"))),
    password_from=PasswordSource(Kind.COMMAND, "pass show 'my office'"),
    authority=AuthorityName.HEADQUARTERS,
    companion=Path("/var/companion.sqlite3"),
    license_file=Path("/license.txt"),
    license_title="Ours",
    read_only=True,
    production=True,
    lock_after_minutes=5,
)
OFFICES = [
    PLAIN,
    FULL,
    ConfiguredOffice("Open line", ServerAddress("db.example", 3306, "od", "u", tls=None)),
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
def test_what_is_written_is_read_again(path: Path, office: ConfiguredOffice) -> None:
    add_offices(path, [office])
    assert read_configuration(path).offices == (office,)


def test_a_new_file_is_for_this_user_alone(path: Path) -> None:
    add_offices(path, [PLAIN])
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_file_keeps_its_mode(commented: Path) -> None:
    commented.chmod(0o644)
    add_offices(commented, [PLAIN])
    assert commented.stat().st_mode & 0o777 == 0o644


def test_adding_changes_nothing_that_is_there(commented: Path) -> None:
    add_offices(commented, [PLAIN, FULL])
    assert commented.read_text().startswith(COMMENTED)
    assert [each.name for each in read_configuration(commented).offices][2:] == [PLAIN.name, FULL.name]


def test_a_last_line_without_an_end_stays_a_line(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("lock_after_minutes = 5 # last")
    add_offices(path, [PLAIN])
    configuration = read_configuration(path)
    assert (configuration.lock_after_minutes, len(configuration.offices)) == (5, 1)


@pytest.mark.parametrize("name", ["First", "FIRST"])
def test_removing_takes_along_the_comment_right_above_and_leaves_the_others(commented: Path, name: str) -> None:
    assert remove_office(commented, name).name == "First"
    assert commented.read_text() == COMMENTED.replace(
        '# The first office.\n[offices.First]\nhost = "h"   # its host\ndatabase = "d"\nuser = "u"\n\n', ""
    )


def test_a_beginning_of_a_name_is_not_enough_to_remove_it(commented: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no office fir\. Did you mean First"):
        remove_office(commented, "fir")
    assert commented.read_text() == COMMENTED


def test_a_comment_at_the_top_of_the_file_is_about_the_file(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('# Ask Dana before changing this.\n[offices.A]\nfile = "a"\n\n# B\n[offices.B]\nfile = "b"\n')
    remove_office(path, "A")
    assert path.read_text() == '# Ask Dana before changing this.\n\n# B\n[offices.B]\nfile = "b"\n'


def test_a_last_office_without_an_end_of_its_line_goes_with_its_comment(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'[offices.A]\r\nfile = "a"\r\n\r\n# B\r\n[offices.B]\r\nfile = "b"')
    remove_office(path, "B")
    assert path.read_bytes() == b'[offices.A]\r\nfile = "a"\r\n'


def test_removing_the_first_office_leaves_no_blank_line_at_the_top(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('[offices.A]\nfile = "a"\n\n[offices.B]\nfile = "b"\n')
    remove_office(path, "A")
    assert path.read_text() == '[offices.B]\nfile = "b"\n'


def test_what_only_looks_like_a_comment_stays(path: Path) -> None:
    path.parent.mkdir()
    license_table = '[license]\nfile = "l"\ntitle = """\\\n# 1"""\n'
    path.write_text(f'{license_table}[offices.A]\nfile = "a"\n')
    remove_office(path, "A")
    assert path.read_text() == license_table


def test_removing_the_last_office_leaves_the_rest(commented: Path) -> None:
    remove_office(commented, "second one")
    remove_office(commented, "first")
    assert read_configuration(commented).offices == ()
    assert [line for line in commented.read_text().splitlines() if line] == [
        "# What this file is for.",
        "lock_after_minutes = 15   # for all",
        "# The end.",
    ]


def test_an_office_that_is_written_in_two_places_is_removed_whole(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(
        'offices.A.host = "h"\noffices.B.file = "x"\noffices.A.database = "d"\noffices.A.user = "u"\n[license]\n'
    )
    remove_office(path, "A")
    assert [each.name for each in read_configuration(path).offices] == ["B"]
    assert "[license]" in path.read_text()


def test_a_name_that_is_taken_is_refused(commented: Path) -> None:
    for name in ("First", "first", "SECOND ONE"):
        with pytest.raises(ConfigurationError, match=f"There is an office {name} already"):
            add_offices(commented, [PLAIN, replace(PLAIN, name=name)])
    assert commented.read_text() == COMMENTED


def test_two_of_the_same_name_are_refused(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="already"):
        add_offices(path, [PLAIN, PLAIN])
    assert not path.exists()


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 61])
def test_a_name_that_could_not_be_read_again_is_refused(path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="The name of an office"):
        add_offices(path, [replace(PLAIN, name=name)])
    assert not path.exists()


def test_an_office_that_could_not_be_read_again_is_named_instead_of_a_line(commented: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        add_offices(commented, [PLAIN, replace(PLAIN, name="B", address=ServerAddress("h", 70_000, "d", "u"))])
    assert caught.value.sentence == "The office B cannot be added: port must be a whole number from 1 to 65535."
    assert commented.read_text() == COMMENTED


def test_a_file_with_a_problem_is_left_as_it_is(commented: Path) -> None:
    commented.write_text("hosst = 1\n")
    for change in (lambda: add_offices(commented, [PLAIN]), lambda: remove_office(commented, "First")):
        with pytest.raises(ConfigurationError, match="line 1"):
            change()
    assert commented.read_text() == "hosst = 1\n"


def test_offices_in_one_line_are_refused_before_anything_is_written(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('offices = { A = { file = "x" } }\n')
    with pytest.raises(ConfigurationError, match="stand in one value, offices = ") as caught:
        add_offices(path, [PLAIN])
    assert caught.value.hint == "Write each of them as a table of its own, [offices.NAME], and try again."
    assert path.read_text() == 'offices = { A = { file = "x" } }\n'
    remove_office(path, "A")
    assert read_configuration(path).offices == ()


def test_a_link_stays_a_link(commented: Path) -> None:
    link = commented.with_name("link.toml")
    link.symlink_to(commented)
    add_offices(link, [PLAIN])
    assert link.is_symlink()
    assert len(read_configuration(commented).offices) == 3


def test_a_socket_is_named_in_full(path: Path) -> None:
    add_offices(path, [replace(PLAIN, address=ServerAddress("localhost", 3306, "od", "u", "here.sock"))])
    (office,) = read_configuration(path).offices
    assert isinstance(office.address, ServerAddress)
    assert office.address.socket == str(Path.cwd() / "here.sock")


def test_files_beside_the_configuration_are_named_shortly(commented: Path) -> None:
    add_offices(commented, [replace(PLAIN, companion=commented.with_name("c.sqlite3"))])
    assert 'companion = "c.sqlite3"' in commented.read_text()


def test_nothing_of_ours_is_left_beside_it_but_the_lock(commented: Path) -> None:
    add_offices(commented, [PLAIN])
    assert sorted(each.name for each in commented.parent.iterdir()) == [".config.toml.lock", "config.toml"]


def test_many_at_once_lose_no_office(path: Path) -> None:
    adding = [
        threading.Thread(target=add_offices, args=(path, [replace(PLAIN, name=f"Office {number}")]))
        for number in range(12)
    ]
    for each in adding:
        each.start()
    for each in adding:
        each.join()
    assert sorted(each.name for each in read_configuration(path).offices) == sorted(f"Office {n}" for n in range(12))
