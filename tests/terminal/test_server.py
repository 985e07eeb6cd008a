"""The main job in a practice on a database server, and signing in to it."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from tests.support.installed_program import (
    READY,
    READY_READ_ONLY,
    Home,
    add_key,
    change_settings,
    disable_key,
    save,
)
from tests.support.opendental_columns import NEW, OLD
from tests.support.server_practice import SIGN_IN, USER, ServerPractice, sign_in, type_password
from tests.support.thorough import thorough

KEY = "Kq7mZt4xWb9sLp2D"
MASKED = "********Lp2D"
KEY_LABEL = f"{MASKED} #{hashlib.sha256(KEY.encode()).hexdigest()[:6]} (Bridge [red] Ltd)"
"""The text by which audit entries refer to the key: its masked form, short fingerprint and developer."""

DEVELOPER = "Bridge [red] Ltd"


@pytest.mark.parametrize(
    "practice", [(NEW, "MyISAM"), *map(thorough, [(NEW, "InnoDB"), (OLD, "MyISAM")])], indirect=True
)
def test_the_main_job_is_recorded_in_the_audit_trail(home: Home, practice: ServerPractice) -> None:
    with practice.start_signed_in(home) as terminal:
        terminal.wait_for("^Riverside Dental, Dr. Müller .*Admin$")
        change_settings(terminal, "Credit Card")
        save(terminal)
        add_key(terminal, KEY, DEVELOPER)
        disable_key(terminal)
        terminal.wait_for(rf"▌ Bridge \[red\] \S+ +…{MASKED[-4:]} +○ off")
        terminal.press("t")
        terminal.wait_for(r"─ Entries  \d+ ")
        newest_first = re.findall(r"20\d\d-.* \d\d:\d\d +\S+ +(\S{3,}(?: \w+)?)", terminal.text)
        assert newest_first[:6] == ["API key", "New API", "API Access", "API Setup", "API/FHIR", "User: Admin"]
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []
    has_apikey = practice.value("SELECT ValueString FROM preference WHERE PrefName = 'DataBaseVersion'") == NEW
    assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "1"
    assert practice.value("SELECT PropertyValue FROM programproperty WHERE ProgramPropertyNum = 903") == "5"
    assert practice.value("SELECT ValueString FROM preference WHERE PrefName = 'ApiPaymentType'") == "313"
    if has_apikey:
        assert practice.rows(f"SELECT DevName FROM apikey WHERE CustApiKey = '{KEY}'") == [(DEVELOPER,)]
    entries = practice.audit_entries()
    assert entries[:3] == [
        ("83", "User: Admin has logged on."),
        ("8", "API/FHIR"),
        (
            "8",
            "API Setup: Enabled changed from off to on; subscription interval from blank to 5 minutes;"
            " payment type from Check to Credit Card",
        ),
    ]
    assert entries[3][0] == ("258" if has_apikey else "8")
    assert " accepted by Admin (SHA-256 " in str(entries[3][1])
    assert entries[4:] == [
        ("8", f"New API key {KEY_LABEL} added by Admin; permissions none; BAA since 2024-05-06"),
        ("8", f"API key {KEY_LABEL} changed from Enabled to Disabled by Customer by Admin"),
        ("83", "User: Admin has logged off."),
    ]


def test_a_wrong_password_is_refused_and_logged(home: Home, practice: ServerPractice) -> None:
    with practice.start(home) as terminal:
        sign_in(terminal, password="incorrect")
        terminal.wait_for("^! Invalid username or password")
        type_password(terminal, "Password", "correct horse")
        terminal.wait_for(READY)
    assert practice.audit_entries() == [
        ("83", "User: Admin failed to log on."),
        ("83", "User: Admin has logged on."),
        ("8", "API/FHIR"),
    ]


def test_an_unknown_user_gets_the_same_answer(home: Home, practice: ServerPractice) -> None:
    with practice.start(home) as terminal:
        sign_in(terminal, name="Nobody")
        terminal.wait_for("^! Invalid username or password")


def test_a_user_can_have_a_blank_password(home: Home, practice: ServerPractice) -> None:
    with practice.start(home) as terminal:
        sign_in(terminal, name="blank", password="")
        terminal.wait_for(READY)
        terminal.wait_for(" Blank$")


def test_a_locked_user_sees_when_the_lock_ends(home: Home, practice: ServerPractice) -> None:
    practice.execute("UPDATE userod SET FailedAttempts = 5, DateTFail = NOW() WHERE UserName = 'Admin'")
    with practice.start(home) as terminal:
        sign_in(terminal)
        terminal.wait_for(r"^! This user is locked until \d\d:\d\d:\d\d")


def test_an_auditor_with_select_alone_exports_and_no_row_changes(home: Home, practice: ServerPractice) -> None:
    tables = [str(name) for (name,) in practice.rows("SHOW TABLES")]
    before = {table: practice.rows(f"SELECT * FROM {table}") for table in tables}
    with (
        practice.user("s3cret", rights="SELECT") as user,
        practice.as_user(user, "s3cret").start(home, "--authority", "local") as terminal,
    ):
        sign_in(terminal, name="Maria", password="maria's")
        terminal.wait_for("READ-ONLY: no permission Setup +Maria")
        terminal.wait_for("No entry on these days")
        terminal.press("x")
        terminal.wait_for("Not recorded in the practice: The database user")
        terminal.press("end", "ctrl+u")
        terminal.type(f"{home.directory}/trail.csv")
        terminal.settle()
        terminal.press("ctrl+s")
        terminal.wait_for("─ Exported")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    assert {table: practice.rows(f"SELECT * FROM {table}") for table in tables} == before
    about = json.loads((home.directory / "trail.csv.about.json").read_text(encoding="utf-8"))
    assert about["audit_trail"].startswith("not recorded in the practice: The database user")


def test_a_missing_database_password_is_asked_for(home: Home, practice: ServerPractice) -> None:
    with practice.user("s3cret-of-the-database") as user, home.start("--url", practice.url(user)) as terminal:
        terminal.wait_for("^ *Database password")
        terminal.wait_for("Press Enter to connect")
        type_password(terminal, "Database password", "wrong")
        terminal.wait_for("The server refuses this database user or its password")
        for _ in "wrong":
            terminal.press("backspace")
        terminal.wait_for("^ *Database password$")
        type_password(terminal, "Database password", "s3cret-of-the-database")
        terminal.wait_for(SIGN_IN)


def test_an_empty_variable_means_an_empty_password(home: Home, practice: ServerPractice) -> None:
    with practice.user("") as user, practice.as_user(user, "").start(home) as terminal:
        terminal.wait_for(SIGN_IN)


def test_a_practice_without_a_registration_key_shows_its_copy_of_the_keys(home: Home, practice: ServerPractice) -> None:
    before = practice.rows("SELECT * FROM apikey")
    with practice.start(home) as terminal:
        sign_in(terminal)
        terminal.wait_for("─ not contacted; copy, status unknown ─")
        terminal.wait_for("^! This practice has no registration key")
        assert terminal.find(r"^▌ Appointment B\S* +…Gh78 +\? unknown")
        terminal.press("a")
        terminal.wait_for("─ Can't add keys right now ")
        notice = terminal.inside("Can't add keys right now")
        assert "Open Dental's headquarters manages this practice's keys" in notice
        assert "stored in the preference RegistrationKey" in notice
        terminal.press("enter")
        terminal.wait_for_no("─ Can't add keys right now ")
        terminal.wait_for(READY)
        terminal.press("d")
        terminal.wait_for("^! Headquarters wasn't contacted, so keys can't be changed")
    assert practice.rows("SELECT * FROM apikey") == before


def test_a_read_only_database_user_sees_everything_and_saves_nothing(home: Home, practice: ServerPractice) -> None:
    with practice.user("reads", "SELECT") as user:
        reader = practice.as_user(user, "reads")
        with reader.start(home) as terminal:
            sign_in(terminal)
            terminal.wait_for(READY_READ_ONLY)
            terminal.wait_for(f"READ-ONLY +{USER}")
            # What headquarters was asked in the background is told when it is known, in the place of what is there.
            terminal.wait_for("^! This practice has no registration key")
            terminal.press("ctrl+s")
            # The name of the database user is long, so the message is wrapped.
            refusal = f"! Read-only: The database user {user}@% has read-only access here: it lacks INSERT on"
            terminal.wait_until(lambda: refusal in _flat_text(terminal.text), "saving is refused")
            terminal.press("ctrl+q")
            assert terminal.exit_status() == 0
    assert practice.audit_entries() == []


def _flat_text(text: str) -> str:
    """Return a text without frames and line breaks."""
    return " ".join(text.replace("│", " ").split())


def test_the_option_read_only_writes_nothing(home: Home, practice: ServerPractice) -> None:
    with practice.start_signed_in(home, "--read-only") as terminal:
        terminal.wait_for("READ-ONLY +Admin")
        terminal.wait_for("^Read-only: nothing is logged and nothing can be saved. Press i to see why")
        terminal.press("d")
        terminal.wait_for("^! Read-only: This practice was opened read-only")
        terminal.press("t")
        terminal.wait_for("^▌ No entry on these days")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    assert practice.audit_entries() == []
