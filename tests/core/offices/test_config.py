"""The configuration file."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.database.address import FileAddress, ServerAddress
from core.database.tls import Tls
from core.model.agreement import Agreement, default_agreement
from core.model.authority_name import AuthorityName
from core.model.review import ReviewRule, ReviewSettings
from core.offices.config_file import read_configuration
from core.offices.config_parser import parse_configuration
from core.offices.configuration import Configuration
from core.offices.configured_office import ConfiguredOffice
from core.offices.password_source import PROMPT, PasswordSource, SourceKind
from core.opendental.price_list import DEFAULT_PRICES
from tests.support.ownership import give_to_root, give_to_stranger


def write_config(directory: Path, text: str | bytes) -> Path:
    file = directory / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def read_error(directory: Path, text: str | bytes) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        agreement_of(read_configuration(write_config(directory, text)))
    return caught.value


def agreement_of(configuration: Configuration) -> Agreement:
    """Return the agreement for an office without a license of its own."""
    return configuration.apply_defaults(TRAINING).agreement()


def test_missing_file_is_an_empty_configuration(tmp_path: Path) -> None:
    assert read_configuration(tmp_path / "missing.toml") == Configuration()


def test_empty_file_is_an_empty_configuration(tmp_path: Path) -> None:
    assert read_configuration(write_config(tmp_path, "")) == Configuration()


def test_default_agreement() -> None:
    agreement = agreement_of(Configuration())
    assert agreement == default_agreement()
    assert agreement.title == "API Access Agreement"
    assert agreement.text.startswith("API ACCESS AGREEMENT")
    assert agreement.text.isascii()
    assert max(map(len, agreement.text.splitlines())) <= 78


def test_license_text_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "license.txt").write_text("Höre: be careful.\n", encoding="utf-8")
    text = '[license]\nfile = "license.txt"\ntitle = " Open Dental API End User License "\n'
    agreement = agreement_of(read_configuration(write_config(tmp_path, text)))
    assert agreement.title == "Open Dental API End User License"
    assert agreement.text == "Höre: be careful.\n"
    assert agreement.sha256 == hashlib.sha256("Höre: be careful.\n".encode()).hexdigest()


def test_byte_order_marks_are_ignored(tmp_path: Path) -> None:
    """Editors on Windows begin their files with one."""
    (tmp_path / "license.txt").write_text("Be careful.\n", encoding="utf-8-sig")
    text = '[license]\nfile = "license.txt"\n[offices.Training]\nfile = "training.sqlite3"\n'
    configuration = read_configuration(write_config(tmp_path, text.encode("utf-8-sig")))
    assert [office.name for office in configuration.offices] == ["Training"]
    assert agreement_of(configuration).text == "Be careful.\n"


def test_license_without_a_title_has_the_default_title(tmp_path: Path) -> None:
    (tmp_path / "license.txt").write_text("Be careful.")
    configuration = read_configuration(write_config(tmp_path, '[license]\nfile = "license.txt"'))
    assert agreement_of(configuration).title == "API Access Agreement"


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        ("licence = 1", "licence", "Did you mean license?"),
        ("[license]\nfiel = 'x'", "license.fiel", "Did you mean license.file?"),
        ("[license]\nqqq = 'x'", "license.qqq", "Valid names: file, title."),
        (
            "qqq = 1",
            "qqq",
            "Valid names: lock_after_minutes, theme, mouse, keys, offices, seal_key_from, seal_dir, seal_daily,"
            " companion, companion_password_from, companion_tls, companion_tls_ca, companion_tls_cert,"
            " companion_tls_key, prices, license, review.",
        ),
        ("[offices.A]\nhosst = 'h'", "offices.A.hosst", "Did you mean offices.A.host?"),
        ("[offices.A]\nreadonly = true", "offices.A.readonly", "Did you mean offices.A.read_only?"),
    ],
)
def test_unknown_name_is_refused_with_a_suggestion(tmp_path: Path, text: str, name: str, hint: str) -> None:
    error = read_error(tmp_path, text)
    line = text.count("\n") + 1
    assert error.sentence == f"In {tmp_path / 'config.toml'}, line {line}, unknown name {name}."
    assert error.hint == hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[license", "is not TOML"),
        (b"\xff\xfe", "is not UTF-8 text"),
        ("license = 1", "license must be a table"),
        ("[license]\nfile = 1", "license.file must be a non-empty text"),
        ("[license]\nfile = ' '", "license.file must be a non-empty text"),
        ("[license]\ntitle = 'x'", "license.title is set without license.file"),
        ("[license]\nfile = 'missing.txt'", "missing.txt cannot be read"),
        ("[license]\nfile = 'config.toml'\ntitle = []", "license.title must be a non-empty text"),
    ],
)
def test_invalid_content_is_refused(tmp_path: Path, text: str | bytes, words: str) -> None:
    error = read_error(tmp_path, text)
    assert words in error.sentence
    assert error.hint


@pytest.mark.parametrize(("character", "times"), [("9", 5000), ("[", 3000)])
def test_overlong_value_is_refused(tmp_path: Path, character: str, times: int) -> None:
    error = read_error(tmp_path, f"a = {character * times}")
    assert error.sentence.endswith("config.toml has a number that is too long or brackets that are nested too deeply.")
    assert error.hint


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00"])
def test_unusable_license_text_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "license.txt").write_bytes(content)
    assert "license.txt" in read_error(tmp_path, "[license]\nfile = 'license.txt'").sentence


def test_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_configuration(tmp_path)


# -- offices -------------------------------------------------------------------------


TRAINING = ConfiguredOffice("Training", FileAddress(Path("training.sqlite3")))
SERVER = 'host = "db.example"\ndatabase = "od"\nuser = "apisetup"\n'


def read_offices(directory: Path, text: str) -> tuple[ConfiguredOffice, ...]:
    return read_configuration(write_config(directory, text)).offices


def read_office(directory: Path, lines: str) -> ConfiguredOffice:
    (office,) = read_offices(directory, f"[offices.A]\n{lines}")
    return office


def test_office_with_the_required_settings(tmp_path: Path) -> None:
    assert read_office(tmp_path, SERVER) == ConfiguredOffice(
        "A", ServerAddress("db.example", 3306, "od", "apisetup", tls=Tls()), PROMPT
    )


def test_office_with_all_settings(tmp_path: Path) -> None:
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
    assert read_office(tmp_path, lines) == ConfiguredOffice(
        name="A",
        address=ServerAddress(
            "db.example",
            3307,
            "od",
            "apisetup",
            tls=Tls(tmp_path / "ca.pem", Path("/etc/our.pem"), tmp_path / "our.key"),
        ),
        password_from=PasswordSource(SourceKind.FILE, str(tmp_path / "pw")),
        authority=AuthorityName.LOCAL,
        companion=FileAddress(tmp_path / "a.sqlite3"),
        license_file=tmp_path / "license.txt",
        license_title="Ours",
        read_only=True,
        production=True,
        lock_after_minutes=10,
    )


@pytest.mark.parametrize("host", ["db", "db.example", "10.0.0.5", "::1", "fe80::1%eth0"])
def test_host_is_a_name_or_an_ip_address(tmp_path: Path, host: str) -> None:
    address = read_office(tmp_path, f'host = "{host}"\ndatabase = "d"\nuser = "u"').address
    assert isinstance(address, ServerAddress)
    assert address.host == host


def test_host_with_a_port_is_refused_with_a_hint(tmp_path: Path) -> None:
    error = read_error(tmp_path, '[offices.A]\nhost = "h:3307"\ndatabase = "d"\nuser = "u"')
    assert error.hint.startswith("Set the port in port")


def test_office_in_an_sqlite_file(tmp_path: Path) -> None:
    assert read_office(tmp_path, 'file = "training.sqlite3"').address == FileAddress(tmp_path / "training.sqlite3")


def test_office_on_a_unix_socket(tmp_path: Path) -> None:
    office = read_office(tmp_path, 'socket = "/run/mysqld/mysqld.sock"\ndatabase = "od"\nuser = "u"')
    assert office.address == ServerAddress("localhost", 3306, "od", "u", "/run/mysqld/mysqld.sock")


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
def test_remote_connections_use_tls_by_default(tmp_path: Path, lines: str, tls: Tls | None) -> None:
    address = read_office(tmp_path, f'{lines}\ndatabase = "od"\nuser = "u"').address
    assert isinstance(address, ServerAddress)
    assert address.tls == tls


def test_offices_keep_the_order_of_the_file(tmp_path: Path) -> None:
    names = ["Uptown", "Down town", "A.B", "Ärzte"]
    offices = read_offices(tmp_path, "".join(f'[offices."{name}"]\nfile = "x"\n' for name in names))
    assert [each.name for each in offices] == names


def test_lock_limit_for_all_offices(tmp_path: Path) -> None:
    assert read_configuration(write_config(tmp_path, "lock_after_minutes = 15")).lock_after_minutes == 15


def test_excessive_lock_limit_is_refused(tmp_path: Path) -> None:
    assert "from 1 to 525600" in read_error(tmp_path, f"lock_after_minutes = {'9' * 400}").sentence


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ("", 1, "needs host, database and user"),
        ('host = "h"\nuser = "u"', 1, "needs host, database and user"),
        (SERVER + 'socket = "/s"', 5, "host and socket can't be combined"),
        ('socket = "/s"\nport = 1\ndatabase = "d"\nuser = "u"', 3, "a socket has no port"),
        (SERVER + "port = 0", 5, "port must be a whole number from 1 to 65535"),
        (SERVER + 'port = "3306"', 5, "port must be a whole number"),
        (SERVER + "port = true", 5, "port must be a whole number"),
        ('host = "h:3307"\ndatabase = "d"\nuser = "u"', 2, "host must be a name or an address without a port"),
        ('host = "[::1]"\ndatabase = "d"\nuser = "u"', 2, "host must be a name or an address without a port"),
        (SERVER + "lock_after_minutes = 0", 5, "lock_after_minutes must be a whole number from 1 to 525600."),
        (SERVER + f"lock_after_minutes = {'9' * 400}", 5, "lock_after_minutes must be a whole number from 1 to"),
        (SERVER + 'tls = "on"', 5, "tls has an invalid value"),
        (SERVER + 'tls = "off"\ntls_ca = "x"', 5, "tls is off, but tls_ca is set"),
        (SERVER + 'tls_key = "x"', 5, "tls_key is set without tls_cert"),
        (SERVER + 'server_public_key = "x"', 5, "server_public_key isn't used to encrypt the password to a verified"),
        (SERVER + 'read_only = "yes"', 5, "read_only must be true or false"),
        (SERVER + 'authority = "me"', 5, "authority has an invalid value"),
        (SERVER + 'license_title = "x"', 5, "license_title is set without license_file"),
        (SERVER + 'password_from = "hunter2"', 5, "password_from: The source of the password isn't valid"),
        (SERVER + 'od_password_from = "keyring"', 5, "od_password_from is set without od_user"),
        (
            SERVER + 'od_user = "a"\nod_password_from = "x"',
            6,
            "od_password_from: The source of the password isn't valid",
        ),
        (SERVER + "tags = [1]", 5, "tags must be a text or a list of texts"),
        ('file = "x"\nod_user = "a"', 3, "file and od_user name two different practices"),
        ('file = "x"\nhost = "h"', 3, "file and host name two different practices"),
        ('file = "x"\nauthority = "headquarters"', 3, "an SQLite practice has no headquarters"),
        ("file = 1", 2, "file must be a non-empty text"),
        ('file = "a\\nb"', 2, "characters that can't be printed"),
        ('license_title = """\na"""\nfile = "x"', 2, "license_title is set without"),
    ],
)
def test_invalid_office_is_refused_with_the_line_number(tmp_path: Path, lines: str, line: int, words: str) -> None:
    error = read_error(tmp_path, f"[offices.A]\n{lines}")
    assert error.sentence.startswith(f"In {tmp_path / 'config.toml'}, line {line}, ")
    assert words in error.sentence
    assert error.hint


def test_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    error: BaseException | None = read_error(tmp_path, f'[offices.A]\n{SERVER}password = "hunter2"')
    assert "passwords don't belong in this file" in str(error)
    while error is not None:
        assert "hunter2" not in f"{error} {error.args}"
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("name", ["", " ", "a ", "a\\nb", "\\u202eA", "x" * 61])
def test_unprintable_office_name_is_refused(tmp_path: Path, name: str) -> None:
    assert "the name of an office" in read_error(tmp_path, f'[offices."{name}"]\nfile = "x"').sentence


def test_names_that_differ_only_in_case_are_refused(tmp_path: Path) -> None:
    error = read_error(tmp_path, '[offices.north]\nfile = "a"\n[offices.North]\nfile = "b"')
    assert "line 3, the offices north and North differ only in capitals" in error.sentence


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_file_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    file = write_config(tmp_path, "")
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match="so other accounts can change it") as caught:
        read_configuration(file)
    assert caught.value.hint.endswith(f"chmod go-w {file}")


def test_file_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_config(tmp_path, "lock_after_minutes = 15")
    give_to_stranger(file, monkeypatch)
    with pytest.raises(ConfigurationError, match="belongs to another account") as caught:
        read_configuration(file)
    assert "chown" in caught.value.hint


def test_link_to_a_file_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(write_config(tmp_path, ""))
    give_to_stranger(link.resolve(), monkeypatch)
    with pytest.raises(ConfigurationError, match="belongs to another account"):
        read_configuration(link)


def test_file_of_root_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_config(tmp_path, "lock_after_minutes = 15")
    give_to_root(file, monkeypatch)
    assert read_configuration(file).lock_after_minutes == 15


def test_chmod_hint_quotes_the_path(tmp_path: Path) -> None:
    directory = tmp_path / "my offices"
    directory.mkdir()
    file = write_config(directory, "")
    file.chmod(0o666)
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(file)
    assert caught.value.hint.endswith(f"chmod go-w '{file}'")


# -- find_office ---------------------------------------------------------------------


@pytest.fixture
def four_offices(tmp_path: Path) -> Configuration:
    names = ("Downtown", "Down under", "Northside", "north")
    return read_configuration(write_config(tmp_path, "".join(f'[offices."{name}"]\nfile = "x"\n' for name in names)))


@pytest.mark.parametrize(
    ("query", "name"), [("Downtown", "Downtown"), ("DOWNTOWN", "Downtown"), ("downt", "Downtown"), ("NORTH", "north")]
)
def test_find_office_by_name_or_prefix(four_offices: Configuration, query: str, name: str) -> None:
    assert four_offices.find_office(query).name == name


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("down", "Several offices begin with down. Name one of: Downtown, Down under."),
        ("Dwontown", "has no office Dwontown. Did you mean Downtown?"),
        ("xyz", "has no office xyz. Offices: Downtown, Down under, Northside, north."),
        ("", "has no office . Offices"),
    ],
)
def test_find_office_suggests_similar_names(four_offices: Configuration, query: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        four_offices.find_office(query)
    assert words in str(caught.value)


def test_find_office_exact_ignores_prefixes(four_offices: Configuration) -> None:
    assert four_offices.find_office("DOWNTOWN", exact=True).name == "Downtown"
    with pytest.raises(ConfigurationError, match=r"has no office down\. Did you mean Downtown, Down under"):
        four_offices.find_office("down", exact=True)


def test_find_office_without_offices_says_how_to_add_one() -> None:
    with pytest.raises(ConfigurationError, match="apisetup offices add"):
        Configuration().find_office("A")


# -- apply_defaults ------------------------------------------------------------------


def test_general_settings_apply_to_an_office_without_its_own() -> None:
    configuration = Configuration(license_file=Path("all.txt"), license_title="For all", lock_after_minutes=15)
    office = configuration.apply_defaults(TRAINING)
    assert (office.license_file, office.license_title, office.lock_after_minutes) == (Path("all.txt"), "For all", 15)
    assert office.address == TRAINING.address


def test_settings_of_an_office_take_precedence() -> None:
    configuration = Configuration(license_file=Path("all.txt"), license_title="For all", lock_after_minutes=15)
    own = replace(TRAINING, license_file=Path("own.txt"), lock_after_minutes=5)
    assert configuration.apply_defaults(own) == own


def test_license_file_of_an_office_has_the_default_title(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("Be careful.")
    own = replace(TRAINING, license_file=tmp_path / "own.txt")
    assert Configuration(license_title="For all").apply_defaults(own).agreement().title == "API Access Agreement"


def test_the_theme_is_a_general_setting() -> None:
    assert parse_configuration(Path("config.toml"), 'theme = "nord"').theme == "nord"
    assert parse_configuration(Path("config.toml"), "").theme is None


def test_prices_of_a_newer_list_replace_the_known_ones() -> None:
    prices = parse_configuration(Path("config.toml"), '[prices]\ndate = "2027-01"\nmost = 32').prices
    assert (prices.date, prices.limited, prices.most, prices.everything) == ("2027-01", 15, 32, 35)
    assert parse_configuration(Path("config.toml"), "").prices == DEFAULT_PRICES


@pytest.mark.parametrize("text", ["most = 32", 'date = "2027-01"\nmost = -1', "all = 35"])
def test_a_price_list_needs_a_date_and_known_prices(text: str) -> None:
    with pytest.raises(ConfigurationError, match="prices"):
        parse_configuration(Path("config.toml"), f"[prices]\n{text}")


def test_reviews_have_thresholds_and_rules_that_are_switched_off() -> None:
    text = '[review]\nevery_days = 180\nskip = ["unsealed", "some-offices"]'
    found = parse_configuration(Path("config.toml"), text).review
    assert found == ReviewSettings(every_days=180, skip=frozenset({ReviewRule.UNSEALED, ReviewRule.SOME_OFFICES}))
    assert parse_configuration(Path("config.toml"), "").review is None


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("seal_days = 0", "review.seal_days must be a whole number from 1 to 3650.", "Write it without quotes."),
        ("sealdays = 1", "unknown name review.sealdays.", "Did you mean review.seal_days?"),
        ('skip = "unseald"', "review.skip has the name of no rule.", "Did you mean unsealed?"),
        (
            "skip = 3",
            "review.skip must be a text or a list of texts.",
            'Write "unsealed" or ["unsealed", "some-offices"].',
        ),
    ],
)
def test_a_threshold_that_cannot_be_used_is_refused(text: str, sentence: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_configuration(Path("config.toml"), f"[review]\n{text}")
    assert caught.value.sentence.endswith(sentence)
    assert caught.value.hint == hint
