"""What entries of API Setup are about, read from the texts that it really writes; and how SQL finds those texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit.filter import AuditFilter
from core.audit.paging import Direction
from core.base.errors import EditConflict
from core.model.api_key import audit_mask, fingerprint, mask
from core.model.audit_entry import Edit, Stage, Subject
from core.model.audit_events import NOT_DONE, OUR_KINDS, OUR_PATTERNS, subject_of
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.audit_pages import EVERYTHING, all_entries
from tests.support.change_kinds import KINDS, NEW_KEY, key_of
from tests.support.databases import SampleFile, SamplePractice, SampleServer
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY
from tests.support.row_diff import writing

OPENING = Subject("Opening API Setup.")
AGREEMENT = Subject("The license agreement that comes before a new API key.")
EXPORT = Subject("An export of the Audit Trail.")


def tag(key: str) -> str:
    return f"#{fingerprint(key)[:6]}"


def about(key: str, *edits: Edit) -> Subject:
    return Subject(f"The API key {mask(key)} {tag(key)}.", tag(key), edits)


def about_settings(*edits: Edit) -> Subject:
    return Subject("The settings of API Setup.", edits=edits, about_settings=True)


def written_texts(sample: SamplePractice, run: Callable[[Office], object]) -> list[str]:
    """The texts of the entries that something writes, each of one of our kinds or about signing in and out."""
    with sample.office() as office, writing(sample) as written:
        run(office)
    assert {kind for kind, _, _ in written.audit} <= {*OUR_KINDS, 83}
    return [text or "" for _, _, text in written.audit]


def export_all(office: Office, directory: Path) -> None:
    export = office.audit.export(ADMIN, EVERYTHING, directory / "trail.csv", may_replace=True)
    export.begin()
    while not export.run_batch().done:
        pass


def cancel_export(office: Office, directory: Path) -> None:
    export = office.audit.export(ADMIN, AuditFilter(user=1), directory / "trail.jsonl", may_replace=True)
    export.begin()
    export.cancel()


@pytest.mark.parametrize(
    ("kind", "subjects"),
    [
        (
            "save settings",
            [
                about_settings(
                    Edit("Enabled", "off", "on"),
                    Edit("subscription interval", "blank", "5 minutes"),
                    Edit("payment type", "Check", "Credit Card"),
                )
            ],
        ),
        ("accept license", [AGREEMENT]),
        ("decline license", [AGREEMENT]),
        ("add key", [about(NEW_KEY)]),
        ("disable key", [about(BRIDGE_KEY, Edit("status", "Enabled", "Disabled by Customer"))]),
        ("enable key", [about(CLEARPAY_KEY, Edit("status", "Disabled by Customer", "Enabled"))]),
        ("edit key", [about(BRIDGE_KEY)] * 4),
        ("show key", [about(BRIDGE_KEY)]),
        ("copy key", [about(BRIDGE_KEY)]),
        ("sign in", [None, OPENING]),
        ("fail to sign in", [None]),
        ("sign out", [None]),
        ("open as account", [OPENING]),
    ],
)
def test_what_we_write_is_known_again(file_sample: SampleFile, kind: str, subjects: list[Subject | None]) -> None:
    assert [subject_of(text) for text in written_texts(file_sample, KINDS[kind])] == subjects


def test_an_export_is_known_again(file_sample: SampleFile, tmp_path: Path) -> None:
    finished = written_texts(file_sample, lambda office: export_all(office, tmp_path))
    assert [subject_of(text) for text in finished] == [EXPORT, EXPORT]
    cancelled = written_texts(file_sample, lambda office: cancel_export(office, tmp_path))
    assert [subject_of(text) for text in cancelled] == [EXPORT, replace(EXPORT, stage=Stage.NOT_DONE)]


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
def test_what_was_not_done_says_so(server_sample: SampleServer) -> None:
    def fail(office: Office) -> None:
        key = key_of(office, "Appointment Bridge")
        with closing(sqlite3.connect(server_sample.companion)) as connection, connection:
            connection.execute("UPDATE apisetup_key SET status = 4 WHERE key_text = ?", (BRIDGE_KEY,))
        with suppress(EditConflict):
            office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)

    done = about(BRIDGE_KEY, Edit("status", "Enabled", "Disabled by Customer"))
    texts = written_texts(server_sample, fail)
    assert [subject_of(text) for text in texts] == [done, replace(done, stage=Stage.NOT_DONE)]


def test_two_keys_that_look_the_same_are_told_apart_by_their_tags(file_sample: SampleFile) -> None:
    other = f"Other{BRIDGE_KEY}"
    file_sample.execute(
        "UPDATE apisetup_key SET key_text = ?, fingerprint = ? WHERE developer = 'Canopy'", other, fingerprint(other)
    )
    texts = written_texts(file_sample, lambda office: office.keys.show(ADMIN, key_of(office, "Canopy")))
    assert [subject_of(text) for text in texts] == [about(other)]


def test_a_contact_that_is_worded_as_a_status_is_no_status(file_sample: SampleFile) -> None:
    def edit(office: Office) -> None:
        for email in ("Enabled", "Unknown"):
            key = key_of(office, "Appointment Bridge")
            office.keys.edit(ADMIN, key, replace(key.fields, email=email))

    texts = written_texts(file_sample, edit)
    assert " e-mail changed from Enabled to Unknown by Admin" in texts[1]
    assert [subject_of(text) for text in texts] == [about(BRIDGE_KEY)] * 2


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("Enabled changed from on to off", [Edit("Enabled", "on", "off")]),
        (
            "subscription interval changed from 1 minute to blank; payment type from none to Check",
            [Edit("subscription interval", "1 minute", "blank"), Edit("payment type", "none", "Check")],
        ),
        ("payment type changed from Cash; check to Card", [Edit("payment type", "Cash; check", "Card")]),
        ("payment type changed from Paid from home to Check", [Edit("payment type", "Paid from home", "Check")]),
        ("payment type changed from A changed from B to C", [Edit("payment type", "A changed from B", "C")]),
        (
            "Enabled changed from on to off; payment type from A; Enabled to B",
            [Edit("Enabled", "on", "off"), Edit("payment type", "A; Enabled", "B")],
        ),
    ],
)
def test_settings_before_and_after(text: str, edits: list[Edit]) -> None:
    assert subject_of(f"API Setup: {text}") == about_settings(*edits)


def test_a_payment_type_with_the_word_between_the_values_is_not_guessed_at() -> None:
    text = "API Setup: Enabled changed from off to on; payment type from Cash to go to Check"
    assert subject_of(text) == about_settings(Edit("Enabled", "off", "on"))


def test_a_key_in_an_entry_of_the_vendors_is_masked_and_has_its_tag() -> None:
    subject = subject_of(f"New API key {BRIDGE_KEY} added by Admin")
    words = f"The API key ********Gh78 {tag(BRIDGE_KEY)}, added in Open Dental's own window."
    assert subject == Subject(words, tag(BRIDGE_KEY))


def test_the_vendors_own_agreement_is_one() -> None:
    assert subject_of("Open Dental API End User License accepted by Admin") == AGREEMENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "API/FHIR opened",
        "Opened API/FHIR",
        "API Setup",
        "API key",
        "API key ********Gh78 shown in full to Admin",
        "API key Ab12Cd34Ef56Gh78 #3f9a01 shown in full to Admin",
        "New API key",
        "New API key ********Gh78 added by Admin",
        "Say API key ********Gh78 #3f9a01 (Bridge) added by Admin",
        "NOT DONE: ",
        "NOT DONE: NOT DONE: API/FHIR",
        "User: Admin has logged on.",
        "Payment of $20.00 entered.",
        "x (SHA-256 0123456789ab) y",
        "x (SHA-256 0123456789)",
    ],
)
def test_what_we_do_not_write_is_about_nothing_of_ours(text: str) -> None:
    assert subject_of(text) is None


@pytest.mark.parametrize("sample", ["SQLite", "21.1 MyISAM", "24.3 InnoDB"], indirect=True)
def test_the_database_finds_the_texts_that_are_known_again(sample: SamplePractice, tmp_path: Path) -> None:
    def write_everything(office: Office) -> None:
        for run in KINDS.values():
            run(office)
        export_all(office, tmp_path)
        cancel_export(office, tmp_path)

    texts = written_texts(sample, write_everything)
    assert len(texts) == 21
    copied = "UserNum, LogDateTime, PatNum, CompName, FKey, LogSource, DefNum, DefNumError, DateTPrevious"
    for text in (each for each in texts if not each.startswith(NOT_DONE)):
        sample.execute(
            f"INSERT INTO securitylog (PermType, LogText, {copied})"
            f" SELECT 8, ?, {copied} FROM securitylog WHERE SecurityLogNum = 1",
            f"{NOT_DONE}{text}",
        )
    with sample.office() as office:
        ours = all_entries(office.audit.search(AuditFilter(ours=True)), Direction.OLDER)
    rows = sample.practice_rows()["securitylog"]
    known = {int(number) for number, row in rows.items() if subject_of(row["LogText"] or "")}
    assert {entry.number for entry in ours} == known
    # Two were there, 18 were written that are not about signing in and out, 17 of them once more as not done.
    assert len(known) == 2 + 18 + 17


# Names come from people and from other databases; a NUL byte stands in none of them.
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@st.composite
def our_texts(draw: st.DrawFn) -> str:
    """A text as we write them, whatever names are in it."""
    user, name, key = draw(names), draw(names), draw(keys)
    masked = audit_mask(mask(key), fingerprint(key))
    text = draw(
        st.sampled_from(
            [
                "API/FHIR",
                f"API Setup: payment type changed from {name} to {draw(names)}",
                f"New API key {masked} ({name}) added by {user}",
                f"New API key {key} added by {user}",
                f"API key {masked} ({name}) changed from Enabled to Disabled by Customer by {user}",
                f"API key {masked} ({name}) phone changed from {draw(names)} to {draw(names)} by {user}",
                f"API key {masked} shown in full to {user}",
                f"{name} accepted by {user} (SHA-256 {draw(st.text('0123456789abcdef', min_size=12, max_size=12))})",
                f"Audit Trail export to {name}.csv begun by {user}: {draw(names)}",
            ]
        )
    )
    return draw(st.sampled_from(["", NOT_DONE])) + text


@settings(database=None, deadline=None, derandomize=True, max_examples=300)
@given(our_texts())
def test_whatever_names_a_text_of_ours_has_both_know_it(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        likes = " OR ".join("?1 LIKE ?" for _ in OUR_PATTERNS)
        ((liked,),) = connection.execute(f"SELECT {likes}", (text, *OUR_PATTERNS))
    assert liked
    assert subject_of(text) is not None
