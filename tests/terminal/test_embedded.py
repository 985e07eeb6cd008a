"""The main job in the embedded practice, from the first start to the audit entries."""

from __future__ import annotations

import base64
import getpass
import hashlib
import re
import stat

from tests.support.installed_program import Home, add_key, answer, change_settings, disable_key, fill_in_key, save

KEY = "Kq7mZt4xWb9sLp2D"
DEVELOPER = "Bridge [red] Ltd"
USER = getpass.getuser()


def test_the_main_job_is_recorded_in_the_audit_trail(installed_home: Home) -> None:
    with installed_home.start_ready() as terminal:
        terminal.wait_for(r"API +○ off")
        assert terminal.find("No API keys yet")
        change_settings(terminal)
        save(terminal)
        add_key(terminal, KEY, DEVELOPER)
        terminal.wait_for(r"▌ Bridge \[red\] \S+ +…Lp2D +● on")
        disable_key(terminal)
        terminal.wait_for(r"▌ Bridge \[red\] \S+ +…Lp2D +○ off")
        terminal.press("t")
        terminal.wait_for("─ Entries  5 ")
        newest_first = re.findall(r"\d\d:\d\d +\S+ +(\S{3,}(?: \w+)?)", terminal.text)
        assert newest_first == ["API key", "New API", "API Access", "API Setup", "API/FHIR"]
        terminal.press("escape")
        terminal.wait_for("─ Settings ─")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []
        assert terminal.text.strip() == ""
    _assert_rows(installed_home)


def _assert_rows(home: Home) -> None:
    masked_key = f"********Lp2D #{hashlib.sha256(KEY.encode()).hexdigest()[:6]} ({DEVELOPER})"
    assert home.rows("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == [(1,)]
    assert home.rows(
        "SELECT PropertyValue FROM programproperty WHERE PropertyDesc = 'SubscriptionProcessingFrequency'"
    ) == [("5",)]
    assert home.rows("SELECT ValueString FROM preference WHERE PrefName = 'ApiPaymentType'") == [("2",)]
    assert home.rows("SELECT CustApiKey, DevName FROM apikey") == [(KEY, DEVELOPER)]
    logged = home.rows(
        "SELECT PermType, UserNum, LogDateTime, LogText, PatNum, LogHash FROM securitylog"
        " JOIN securityloghash USING (SecurityLogNum) ORDER BY SecurityLogNum"
    )
    texts = [(row[0], row[3]) for row in logged]
    assert texts[0] == (8, "API/FHIR")
    assert texts[1] == (
        8,
        "API Setup: Enabled changed from off to on; subscription interval from blank to 5 minutes;"
        " payment type from Check to Cash",
    )
    assert texts[2][0] == 258
    assert re.fullmatch(
        rf"API Access Agreement for API key .* accepted by {USER} \(SHA-256 [0-9a-f]{{12}}\)", texts[2][1]
    )
    assert texts[3] == (8, f"New API key {masked_key} added by {USER}; permissions none; BAA since 2024-05-06")
    assert texts[4] == (8, f"API key {masked_key} changed from Enabled to Disabled by Customer by {USER}")
    assert len(texts) == 5
    for kind, user, moment, text, patient, stored in logged:
        hash_input = f"{kind}{user}{moment.split('.')[0]}{text}{patient}".encode("utf-16-le")
        assert stored == base64.b64encode(hashlib.sha256(hash_input).digest()).decode()


def test_a_second_start_shows_the_saved_values(home: Home) -> None:
    with home.start_ready() as terminal:
        change_settings(terminal)
        save(terminal)
        add_key(terminal, KEY, DEVELOPER)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    with home.start_ready() as terminal:
        terminal.wait_for(r"API +● on")
        assert terminal.find("FHIR interval 5 ")
        assert terminal.find("Payment type +Cash ")
        terminal.wait_for(r"▌ Bridge \[red\] \S+ +…Lp2D +● on")


def test_the_files_are_private(home: Home) -> None:
    home.make_practice()
    assert stat.S_IMODE(home.practice.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.practice.parent.stat().st_mode) == 0o700


def test_quitting_asks_about_unsaved_input(home: Home) -> None:
    with home.start_ready() as terminal:
        change_settings(terminal)
        terminal.press("ctrl+q")
        terminal.wait_for("─ Quit without saving")
        terminal.press("escape")
        terminal.wait_for_no("─ Quit without saving")
        terminal.wait_for("FHIR interval 5 ")
        terminal.press("ctrl+q")
        answer(terminal, "─ Quit without saving")
        assert terminal.exit_status() == 0
    assert home.value("SELECT Enabled FROM program") == 0
    assert home.value("SELECT count(*) FROM securitylog") == 1


def test_a_declined_license_adds_no_key(home: Home) -> None:
    with home.start_ready() as terminal:
        terminal.press("a")
        terminal.wait_for("─ Assign API Key")
        fill_in_key(terminal, KEY, DEVELOPER)
        terminal.press("ctrl+s")
        answer(terminal, "─ Continue without an agreement")
        terminal.wait_for(r"Read \d+%")
        while not terminal.find("─ Decline the agreement"):
            # One that comes too early is ignored, as by a question.
            terminal.press("d")
            terminal.settle()
        answer(terminal, "─ Decline the agreement")
        terminal.wait_for("Declined: the agreement must be accepted to add an API key")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    assert home.value("SELECT count(*) FROM apikey") == 0
    last = home.value("SELECT LogText FROM securitylog ORDER BY SecurityLogNum DESC")
    assert f" declined by {USER} (SHA-256 " in last


def test_line_breaks_around_a_pasted_key_are_ignored(home: Home) -> None:
    with home.start_ready() as terminal:
        terminal.press("a")
        terminal.wait_for("─ Assign API Key")
        terminal.paste(f"\n  {KEY} \r\n\n")
        terminal.wait_for(f"API key +{KEY}")
