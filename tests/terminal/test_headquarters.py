"""The program in a terminal, in a practice whose keys are managed by headquarters over HTTPS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_headquarters import HeadquartersServer, Misbehaviour, headquarters
from tests.support.headquarters_office import BRIDGE, CLEARPAY, NEW_KEY, OFFERED, REGISTRATION_KEY
from tests.support.headquarters_protocol import ASSIGN, LIST, SET_STATUS, PracticeCredentials
from tests.support.installed_program import (
    READY,
    Home,
    answer,
    change_settings,
    disable_key,
    fill_in,
    go_to,
    only_office,
    save,
)
from tests.support.opendental_columns import NEW
from tests.support.practice_rows import STRAY_KEY, TITLE, log_hash
from tests.support.pseudo_terminal import Terminal
from tests.support.server_practice import ServerPractice, sign_in
from tests.terminal.test_secrets import files_with, titles

LIST_SHOWN = r"─ Keys  (\d+) · \d+ on · headquarters, \d\d:\d\d:\d\d"
STEPS = ("address", "name", "connection", "tls", "answer", "registration-key")


@pytest.fixture
def hq(practice: ServerPractice, tmp_path: Path) -> Iterator[HeadquartersServer]:
    """Run a fake headquarters with two keys of the practice and one more to assign."""
    directory = tmp_path / "headquarters"
    directory.mkdir()
    with headquarters(directory, PracticeCredentials(REGISTRATION_KEY, TITLE, "5550100", NEW)) as server:
        for key in (BRIDGE, CLEARPAY):
            server.add_key(key)
        server.offer(OFFERED)
        register(practice, server.url)
        yield server


def register(practice: ServerPractice, url: str) -> None:
    """Register the practice with the headquarters at this address."""
    practice.execute(
        f"UPDATE preference SET ValueString = '{url}' WHERE PrefName = 'WebServiceHQServerURL'",
        f"UPDATE preference SET ValueString = '{REGISTRATION_KEY}' WHERE PrefName = 'RegistrationKey'",
    )


def start(home: Home, practice: ServerPractice, hq: HeadquartersServer, *arguments: str) -> Terminal:
    """Start the program so that it trusts the certificate of headquarters, and sign in."""
    terminal = practice.start(home, *arguments, SSL_CERT_FILE=str(hq.ca_file))
    sign_in(terminal)
    terminal.wait_for(READY)
    return terminal


def assign_key(terminal: Terminal) -> None:
    """Enter the key that headquarters offers, and continue to the license agreement."""
    terminal.press("a")
    terminal.wait_for("─ Assign API Key")
    fill_in(terminal, "API key", NEW_KEY)
    go_to(terminal, "BAA signed on")
    fill_in(terminal, "BAA signed on", "2024-05-06")
    terminal.press("ctrl+s")
    terminal.wait_for(r"Read \d+%")


def accept_license(terminal: Terminal) -> None:
    """Accept the license agreement."""
    terminal.press("end")
    answer(terminal, r"Press \^y to accept")


def close_notice(terminal: Terminal, title: str) -> None:
    """Close a notice."""
    terminal.press("enter")
    terminal.wait_for_no(title)
    terminal.wait_for(READY)


def test_a_key_is_added_and_disabled_at_headquarters(
    home: Home, practice: ServerPractice, hq: HeadquartersServer
) -> None:
    with start(home, practice, hq) as terminal:
        terminal.wait_for(LIST_SHOWN)
        terminal.wait_for(r"^▌ Appointment B\S* +…Gh78 +● on")
        terminal.wait_for(r"^ *ClearPay +…Ww32 +○ off")
        assign_key(terminal)
        accept_license(terminal)
        terminal.wait_for("─ Key added ")
        assert "Headquarters says: New Wave may use this key now." in terminal.inside("Key added")
        close_notice(terminal, "─ Key added ")
        terminal.wait_for(r"^▌ New Wave +…Kk78 +● on")
        assert hq.status(NEW_KEY) == "Enabled"
        disable_key(terminal)
        terminal.wait_for(r"^▌ New Wave +…Kk78 +○ off")
        assert hq.status(NEW_KEY) == "DisabledByCustomer"
        terminal.press("t")
        terminal.wait_for(r"─ Entries  \d+ ─")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    assert practice.rows("SELECT CustApiKey FROM apikey ORDER BY DevName") == [
        (BRIDGE.key,),
        (CLEARPAY.key,),
        (NEW_KEY,),
    ]
    assert [first_words(text) for _, text in practice.audit_entries() if text] == [
        "User: Admin",
        "API/FHIR",
        "API keys:",
        "API Access",
        "ASKED: New",
        "New API",
        "API keys:",
        "ASKED: API",
        "API key",
        "User: Admin",
    ]
    assert altered_entries(practice) == []


def first_words(text: str) -> str:
    return " ".join(text.split()[:2])


def altered_entries(practice: ServerPractice) -> list[Any]:
    """Return the audit entries of the program whose hash doesn't match their content."""
    columns = ("PermType", "UserNum", "LogDateTime", "LogText", "PatNum", "DateTPrevious")
    names = ", ".join(f"l.{column}" for column in columns)
    results = practice.rows(
        f"SELECT h.LogHash, {names} FROM securitylog l LEFT JOIN securityloghash h USING (SecurityLogNum)"
        " WHERE l.SecurityLogNum > 10"
    )
    assert results
    return [cells for stored, *cells in results if stored != log_hash(dict(zip(columns, cells, strict=True)))]


def test_the_copy_is_shown_until_headquarters_answers_again(
    home: Home, practice: ServerPractice, hq: HeadquartersServer
) -> None:
    hq.misbehave(Misbehaviour.HTTP_503)
    with start(home, practice, hq) as terminal:
        terminal.wait_for("unusable response; copy, status unknown")
        terminal.wait_for(r"^! Open Dental's headquarters is unavailable \(HTTP 503")
        terminal.press("a")
        terminal.wait_for("─ Can't add keys right now ")
        close_notice(terminal, "─ Can't add keys right now ")
        terminal.press("d")
        terminal.wait_for("^! Headquarters' response can't be used, so keys can't be changed")
        hq.behave()
        terminal.press("r")
        terminal.wait_for(LIST_SHOWN)
        terminal.wait_for(r"^▌ Appointment B\S* +…Gh78 +● on")
        terminal.press("d")
        terminal.wait_for("─ Disable this key")
    assert (hq.count(ASSIGN), hq.count(SET_STATUS)) == (0, 0)


def test_a_pending_request_to_headquarters_blocks_neither_saving_nor_quitting(
    home: Home, practice: ServerPractice, hq: HeadquartersServer
) -> None:
    hq.misbehave(Misbehaviour.SILENCE)
    with start(home, practice, hq) as terminal:
        terminal.wait_until(hq.waiting.is_set, "This asks Open Dental's headquarters")
        change_settings(terminal, "Credit Card")
        save(terminal)
        terminal.press("ctrl+q")
        # Far less than the timeout of a request.
        assert terminal.exit_status(deadline=10) == 0
    assert "subscription interval from blank to 5 minutes" in str(practice.audit_entries()[-2][1])


def test_an_untrusted_certificate_is_refused(home: Home, practice: ServerPractice, hq: HeadquartersServer) -> None:
    with practice.start(home) as terminal:
        sign_in(terminal)
        terminal.wait_for("not secure; copy, status unknown")
        terminal.wait_for("^! .*certificate")
    assert hq.requests == []


def test_debug_logs_that_headquarters_is_not_reached(home: Home, practice: ServerPractice) -> None:
    register(practice, "http://127.0.0.1:1/")
    with practice.start(home, "--debug") as terminal:
        sign_in(terminal)
        terminal.wait_for("^! .*headquarters cannot be reached")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    assert home.log.read_text(encoding="utf-8").count("\nHeadquartersUnreachable ") == 1


def test_registration_key_and_keys_do_not_leak(home: Home, practice: ServerPractice, hq: HeadquartersServer) -> None:
    hq.refusal = f"{NEW_KEY} is not for {REGISTRATION_KEY}."
    with start(home, practice, hq, "--debug") as terminal:
        terminal.wait_for(LIST_SHOWN)
        hq.misbehave(Misbehaviour.ERROR, operation=ASSIGN, times=1)
        assign_key(terminal)
        typed = len(terminal.output)
        accept_license(terminal)
        terminal.wait_for("─ The key was not added ")
        assert "headquarters refused: ********Kk78 is not for ***." in terminal.inside("The key was not added")
        answer(terminal, "─ The key was not added ")
        terminal.wait_for("─ Key added ")
        close_notice(terminal, "─ Key added ")
        disable_key(terminal)
        hq.refusal = f"{REGISTRATION_KEY} has expired."
        hq.misbehave(Misbehaviour.ERROR, operation=LIST, times=1)
        terminal.press("r")
        terminal.wait_for(r"^! Open Dental's headquarters refused: \*\*\* has expired")
        terminal.press("r")
        terminal.wait_for(LIST_SHOWN)
        terminal.press("t")
        terminal.wait_for(r"─ Entries  \d+ ─")
        terminal.press("escape")
        terminal.wait_for(READY)
        assert NEW_KEY.encode() not in terminal.output[typed:]
        terminal.press("e")
        terminal.wait_for("^ E Enable ")
        terminal.press("v")
        terminal.wait_for(NEW_KEY)
        terminal.press("enter")
        terminal.wait_for_no(NEW_KEY)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        for secret in (REGISTRATION_KEY, BRIDGE.key, CLEARPAY.key, STRAY_KEY):
            assert secret.encode() not in terminal.output
        assert NEW_KEY.encode() not in titles(terminal)
    log = home.log.read_text(encoding="utf-8")
    assert "GetFHIRAPIKeysForOffice: an answer of " in log
    for secret in (REGISTRATION_KEY, BRIDGE.key, CLEARPAY.key, STRAY_KEY, NEW_KEY):
        assert files_with(home, secret) == []
        assert [text for _, text in practice.audit_entries() if text and secret in text] == []


# -- apisetup check --------------------------------------------------------------------


def check(home: Home, practice: ServerPractice, **env: str) -> tuple[int, dict[str, Any]]:
    """Run the check and return its exit status and the results about headquarters by their ids."""
    completed = home.run("check", "--json", "--url", practice.url(), APISETUP_PASSWORD=practice.server.password, **env)
    assert completed.stderr == ""
    results = {each["id"]: each for each in only_office(completed.stdout)["findings"]}
    prefix = "headquarters-"
    return completed.returncode, {
        name.removeprefix(prefix): each for name, each in results.items() if name.startswith(prefix)
    }


def all_rows(practice: ServerPractice) -> dict[str, list[tuple[str | None, ...]]]:
    return {str(row[0]): practice.rows(f"SELECT * FROM `{row[0]}`") for row in practice.rows("SHOW TABLES")}


def test_check_asks_headquarters_and_writes_nothing(
    home: Home, practice: ServerPractice, hq: HeadquartersServer
) -> None:
    before = all_rows(practice)
    _status, results = check(home, practice, SSL_CERT_FILE=str(hq.ca_file))
    assert {name: each["state"] for name, each in results.items()} == {
        **dict.fromkeys((*STEPS, "keys"), "ok"),
        "copy": "note",
    }
    assert results["keys"]["sentence"] == "Headquarters lists 2 keys, 1 of them enabled."
    assert all_rows(practice) == before
    assert not home.configuration.parent.exists()
    assert [each.operation for each in hq.requests] == [LIST]


@pytest.mark.parametrize(
    ("url", "trusted", "misbehaviour", "step", "message"),
    [
        ("http://headquarters.example/", True, None, "address", "does not begin with https://"),
        ("https://nowhere.invalid/", True, None, "name", "nowhere.invalid, can't be resolved"),
        ("https://127.0.0.1:1/", True, None, "connection", "cannot be reached at 127.0.0.1, port 1"),
        ("", False, None, "tls", "certificate"),
        ("", True, Misbehaviour.PAGE, "answer", "A web page was returned instead"),
        ("", True, Misbehaviour.ERROR, "registration-key", "refused: Registration key is not valid."),
    ],
    ids=STEPS,
)
def test_check_reports_the_step_that_fails(
    home: Home,
    practice: ServerPractice,
    hq: HeadquartersServer,
    url: str,
    trusted: bool,
    misbehaviour: Misbehaviour | None,
    step: str,
    message: str,
) -> None:
    if url:
        register(practice, url)
    if misbehaviour is not None:
        hq.misbehave(misbehaviour)
    before = all_rows(practice)
    trust = {"SSL_CERT_FILE": str(hq.ca_file)} if trusted else {}
    status, results = check(home, practice, **trust)
    assert status == 1
    failed = STEPS.index(step)
    assert {name: each["state"] for name, each in results.items()} == {
        **dict.fromkeys(STEPS[:failed], "ok"),
        step: "warning",
        **dict.fromkeys(STEPS[failed + 1 :], "not checked"),
    }
    assert message in results[step]["sentence"]
    assert REGISTRATION_KEY not in json.dumps(results)
    assert all_rows(practice) == before
    assert not home.configuration.parent.exists()
