"""The settings of a shared companion: a URL, the source of its password, TLS, and the source of its key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import CompanionUnavailable, ConfigurationError
from core.base.secret import Secret
from core.companion.encryption import EncryptionKey
from core.database.address import FileAddress, ServerAddress
from core.database.companion_address import companion_url, parse_companion_url
from core.database.postgresql_address import PostgresqlAddress
from core.database.tls import Tls
from core.fleet.opening import fleet_store
from core.offices.companion_settings import TeamCompanion
from core.offices.config_file import read_configuration
from core.offices.config_parser import parse_configuration
from core.offices.config_writer import add_offices
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import LaunchContext, OpenRequest
from core.offices.password_source import PasswordSource, SourceKind
from core.offices.paths import Paths
from tests.support.databases import runtime

PRACTICE = '[offices.A]\nhost = "db.example"\ndatabase = "od"\nuser = "u"\n'
URL = "postgresql+psycopg://apisetup@db.example:5433/companion"


TOP = Path("/etc/apisetup/config.toml")


def test_the_companion_of_a_team_is_named_at_the_top_and_is_no_default_for_the_offices() -> None:
    found = parse_configuration(TOP, f'companion = "{URL}"\ncompanion_password_from = "env:TEAM"\n{PRACTICE}')
    assert found.team_companion == TeamCompanion(
        PostgresqlAddress("db.example", 5433, "companion", "apisetup", tls=Tls()),
        PasswordSource(SourceKind.ENVIRONMENT, "TEAM"),
    )
    assert found.offices[0].companion is None
    assert found.password_variables == {"TEAM"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('companion = "team.sqlite3"\n', "must be a URL"),
        ('companion = "mysql://u@db.example:3306/od"\n', "is a database of the office A"),
        ('companion_tls = "off"\n', "only for a companion on a server"),
    ],
)
def test_a_companion_of_a_team_that_can_not_be_used_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_configuration(TOP, text + PRACTICE)


def test_the_database_of_an_office_is_not_that_of_the_team() -> None:
    with pytest.raises(ConfigurationError, match="is a database of the office A"):
        parse_configuration(TOP, f'companion = "{URL}"\n{PRACTICE}companion = "{URL}"\n')


def office(settings: str) -> ConfiguredOffice:
    (found,) = parse_configuration(Path("/etc/apisetup/config.toml"), PRACTICE + settings).offices
    return found


def refusal(settings: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        office(settings)
    return str(caught.value)


def test_all_settings_of_a_shared_companion() -> None:
    found = office(
        f'companion = "{URL}"\ncompanion_password_from = "file:pw"\ncompanion_tls_ca = "ca.pem"\n'
        'companion_tls_cert = "c.pem"\ncompanion_tls_key = "k.pem"\ncompanion_key_from = "env:KEY"\n'
    )
    files = [Path("/etc/apisetup") / name for name in ("ca.pem", "c.pem", "k.pem")]
    assert found.companion == PostgresqlAddress("db.example", 5433, "companion", "apisetup", tls=Tls(*files))
    assert found.companion_password_from == PasswordSource(SourceKind.FILE, "/etc/apisetup/pw")
    assert found.companion_key_from == PasswordSource(SourceKind.ENVIRONMENT, "KEY")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mysql+pymysql://u@127.0.0.1/c", ServerAddress("127.0.0.1", 3306, "c", "u")),
        ("mariadb://u@db.example:3307/c", ServerAddress("db.example", 3307, "c", "u", tls=Tls())),
        ("mysql://u@/c?unix_socket=/run/x.sock", ServerAddress("localhost", 3306, "c", "u", "/run/x.sock")),
        ("postgresql://u@localhost/c", PostgresqlAddress("localhost", 5432, "c", "u")),
        ("postgresql://u@/c?host=/run/pg", PostgresqlAddress("localhost", 5432, "c", "u", "/run/pg")),
        ("postgresql+psycopg://a%20b@[::1]:6000/c%2Fd", PostgresqlAddress("::1", 6000, "c/d", "a b")),
    ],
)
def test_urls(url: str, address: object) -> None:
    parsed = parse_companion_url(url)
    assert parsed == address
    assert parse_companion_url(companion_url(parsed)) == parsed


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('companion = "postgresql://u:s3cret@h/c"', "has a password, which doesn't belong there"),
        ('companion = "oracle://u@h/c"', "has an unsupported scheme"),
        ('companion = "postgresql://h/c"', "needs a user, a host and a database"),
        ('companion = "postgresql://u@h/c?sslmode=disable"', "has unsupported options; only host is supported"),
        ('companion = "c.sqlite3"\ncompanion_tls = "off"', "companion_tls is only for a companion on a server"),
        (f'companion = "{URL}"\ncompanion_key_from = "prompt"', "companion_key_from can't be prompt: only passwords"),
        (f'companion = "{URL}"\ncompanion_tls = "off"\ncompanion_tls_ca = "a"', "companion_tls is off, but"),
        ('companion_key_from = "hunter2"', "isn't valid"),
    ],
)
def test_what_cannot_be_used_is_refused_without_repeating_it(settings: str, words: str) -> None:
    message = refusal(settings)
    assert words in message
    assert "s3cret" not in message
    assert "hunter2" not in message


def test_two_practices_do_not_share_a_companion() -> None:
    second = '[offices.B]\nhost = "db.example"\ndatabase = "other"\nuser = "u"\n'
    message = refusal(f'companion = "{URL}"\n{second}companion = "{URL}"')
    assert "the offices A and B are different practices with the same companion" in message
    same = '[offices.B]\nhost = "DB.example"\ndatabase = "od"\nuser = "reader"\n'
    text = f'{PRACTICE}companion = "{URL}"\n{same}companion = "{URL}"'
    assert len(parse_configuration(Path("/c.toml"), text).offices) == 2


def test_an_added_office_keeps_its_shared_companion(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    added = office(f'companion = "{URL}"\ncompanion_password_from = "env:PW"\ncompanion_tls = "off"\n')
    add_offices(path, [added])
    assert read_configuration(path).offices == (added,)


def request(found: ConfiguredOffice, environment: dict[str, str]) -> OpenRequest:
    paths = Paths(Path("/etc/apisetup/config.toml"), Path("debug.log"))
    return OpenRequest(found, LaunchContext(runtime(), paths, environment))


def test_password_and_key_come_from_their_sources() -> None:
    key = EncryptionKey.generate()
    found = office(f'companion = "{URL}"\ncompanion_password_from = "env:PW"\ncompanion_key_from = "env:KEY"\n')
    source = request(found, {"PW": "hush", "KEY": key.text().reveal()}).companion_source()
    assert source.password == Secret("hush")
    assert source.encryption_keys.read() == (key,)
    assert source.stem == Path("/etc/apisetup/companions/db.example-5433-companion.shared")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KEY": "x"}, "PW, which should hold the companion's password, is not set"),
        ({"PW": "hush", "KEY": "too short"}, "isn't 32 bytes in Base64"),
    ],
)
def test_a_missing_secret_of_the_companion_never_prompts_for_the_practice_password(
    environment: dict[str, str], words: str
) -> None:
    found = office(f'companion = "{URL}"\ncompanion_password_from = "env:PW"\ncompanion_key_from = "env:KEY"\n')
    with pytest.raises(CompanionUnavailable) as caught:
        request(found, environment).companion_source()
    assert words in caught.value.sentence
    assert "too short" not in str(caught.value)


def test_a_password_that_must_be_typed_is_used_for_this_run_once_it_was() -> None:
    found = request(office(f'companion = "{URL}"\ncompanion_password_from = "prompt"\n'), {})
    assert found.prompts_for_companion_password
    with pytest.raises(CompanionUnavailable, match="The companion's password must be typed") as caught:
        found.companion_source()
    assert "as a scheduled job needs" in caught.value.hint
    found.use_companion_password(Secret("typed"))
    # The office may be opened again with other settings, such as read-only.
    again = replace(found, context=replace(found.context, read_only=True))
    assert not again.prompts_for_companion_password
    assert again.companion_source().password == Secret("typed")
    found.use_companion_password(None)
    assert again.prompts_for_companion_password


def test_a_typed_password_of_the_companion_of_a_team() -> None:
    text = f'companion = "{URL}"\ncompanion_password_from = "prompt"\n{PRACTICE}'
    team = parse_configuration(TOP, text).team_companion
    assert team is not None
    context = replace(request(office(""), {}).context, team_companion=team)
    with pytest.raises(CompanionUnavailable, match="must be typed, and wasn't asked for"):
        fleet_store(context).joined_names()
    context.typed_passwords[team.address] = Secret("typed")
    assert not context.prompts_for_team_password


def test_a_file_is_the_default(tmp_path: Path) -> None:
    assert office('companion = "c.sqlite3"').companion == FileAddress(Path("/etc/apisetup/c.sqlite3"))
    assert office("").companion is None


def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.database.postgresql import postgresql_engine

    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match="needs the Python package psycopg") as caught:
        postgresql_engine(PostgresqlAddress("h", 5432, "c", "u"), Secret(""))
    assert "apisetup[postgresql]" in caught.value.hint
