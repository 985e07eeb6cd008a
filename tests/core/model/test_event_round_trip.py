"""Every audit event is read from its text as it was written, whatever names it holds."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import event_text
from core.model.event_codec import RECEIPT_NUMBER, SHORTENED
from core.model.event_values import (
    CopyChange,
    KeyGrant,
    KeyLabel,
    KeyName,
    KeyNames,
    ListChange,
    NoteChange,
    NoteField,
    PaymentTypeChange,
    PaymentTypeField,
    Setting,
    SettingChange,
)
from core.model.key_events import KeyStatusChanged, VendorKeyAdded
from core.model.license_events import VendorLicenseAccepted
from core.model.logged_event import AuditEvent, LoggedEvent, Reason, Stage, known_events
from core.model.review import Choice, DecisionKind
from core.opendental.key_status import KeyStatus
from tests.support.properties import examples

HOSTILE = (
    "",
    " ",
    '"',
    "\\",
    'Dent "al" Ltd',
    '"quoted"',
    "X) changed from Enabled to Disabled by Customer by Admin",
    "Cash to go",
    "to",
    " to ",
    "a; payment type from b to c",
    "Bob (undoing entry 5)",
    "Bob (receipt R20260301-7F3A09)",
    "Bob - headquarters refused: no",
    'Bob" - headquarters refused: no',
    "NOT DONE: ",
    "ASKED: API key",
    "x accepted by y (SHA-256 0123456789ab)",
    "API Setup: Enabled changed from on to off",
    "a by b",
    "a, b",
    "a; removed b",
    "their order",
    f"A name{SHORTENED}",
    "line\nbreak",
    "\x1b[31m",
    "日本 🦷",
    "has logged on.",
)
names = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
mixed_names = st.lists(names, min_size=1, max_size=3).map("".join)
key_names = st.builds(
    KeyName,
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=4).map("********{}".format),
    st.text("0123456789abcdef", min_size=6, max_size=6).map("#{}".format),
)
name_lists = st.lists(mixed_names, max_size=3).map(tuple)
some_keys = st.one_of(
    st.just(KeyNames()),
    st.builds(KeyNames, st.lists(key_names, min_size=1, max_size=3).map(tuple), st.integers(0, 5)),
)
setting_changes = st.lists(
    st.builds(SettingChange, st.sampled_from(Setting), mixed_names, mixed_names),
    min_size=1,
    unique_by=lambda change: change.setting,
).map(lambda changes: tuple(sorted(changes, key=lambda change: list(Setting).index(change.setting))))
type_changes = st.lists(
    st.builds(PaymentTypeChange, st.sampled_from(PaymentTypeField), mixed_names, mixed_names),
    min_size=1,
    unique_by=lambda change: change.setting,
).map(lambda changes: tuple(sorted(changes, key=lambda change: list(PaymentTypeField).index(change.setting))))
note_changes = st.lists(
    st.builds(NoteChange, st.sampled_from(NoteField), mixed_names, mixed_names),
    min_size=1,
    unique_by=lambda change: change.setting,
).map(lambda changes: tuple(sorted(changes, key=lambda change: list(NoteField).index(change.setting))))
choices = st.one_of(
    st.dates().map(lambda day: Choice(DecisionKind.KEEP, day)),
    st.sampled_from((DecisionKind.DISABLE, DecisionKind.ASK)).map(Choice),
)
hexadecimal = st.text("0123456789abcdef", min_size=64, max_size=64)
VALUES: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    (event_text.FreeText, mixed_names),
    # Open Dental writes no quotes, so a name of this kind stays ambiguous.
    (event_text.VendorText, mixed_names.filter(lambda name: not name.endswith(SHORTENED))),
    (event_text.KeyField, st.sampled_from(["e-mail", "phone", "Business Associate Agreement"])),
    (event_text.ClearKey, st.text(st.characters(min_codepoint=43, max_codepoint=126), min_size=1, max_size=20)),
    (event_text.Sha256, hexadecimal),
    (event_text.Sha256Start, hexadecimal.map(lambda text: text[:12])),
    (event_text.Status, st.sampled_from(KeyStatus)),
    (event_text.Count, st.integers(0, 10**7)),
    (event_text.Number, st.integers(0, 2**63 - 1)),
    (event_text.Moment, st.none() | st.datetimes().map(lambda moment: moment.replace(microsecond=0))),
    (event_text.UndoneEntry, st.integers(0, 10**9)),
    (event_text.ReceiptNumber, st.from_regex(RECEIPT_NUMBER, fullmatch=True)),
    (event_text.InReceipt, st.just("") | st.from_regex(RECEIPT_NUMBER, fullmatch=True)),
    (event_text.Name, key_names),
    (event_text.Label, st.builds(KeyLabel, key_names, mixed_names)),
    (event_text.NewLabel, st.builds(KeyLabel, key_names, mixed_names)),
    (event_text.ForKey, st.none() | st.builds(KeyLabel, key_names, mixed_names)),
    (event_text.Grant, st.none() | st.builds(KeyGrant, st.none() | name_lists, st.none() | st.dates())),
    (event_text.Permissions, st.builds(ListChange, name_lists, name_lists)),
    (event_text.Copy, st.builds(CopyChange, some_keys, some_keys)),
    (event_text.Changes, setting_changes),
    (event_text.TypeChanges, type_changes),
    (event_text.NoteChanges, note_changes),
    (event_text.Day, st.dates()),
    (event_text.Chosen, choices.map(lambda choice: choice.label)),
    (event_text.Restored, st.one_of(st.just(event_text.NOT_DECIDED), choices.map(lambda choice: choice.label))),
    (event_text.Remark, mixed_names),
    (event_text.OpenKeys, some_keys),
)


def events(kind: type[AuditEvent]) -> st.SearchStrategy[AuditEvent]:
    """Return events of one class, with hostile names."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{each.name: values(hints[each.name]) for each in fields(kind)})


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a field by its type."""
    codec = get_args(hint)[1]
    return next(strategy for known, strategy in VALUES if get_args(known)[1] is codec)


@pytest.mark.parametrize("kind", known_events())
@examples(25)
@given(data=st.data(), stage=st.sampled_from(Stage), reason=st.sampled_from(Reason), words=mixed_names)
def test_an_event_is_read_as_it_was_written(
    kind: type[AuditEvent], data: st.DataObject, stage: Stage, reason: Reason, words: str
) -> None:
    event = data.draw(events(kind))
    text = event.text()
    assert kind.parse(text) == event
    assert LoggedEvent.parse(text) == LoggedEvent(event)
    if not event.ours or isinstance(event, VendorLicenseAccepted | VendorKeyAdded):
        return
    logged = LoggedEvent(event, stage)
    assert LoggedEvent.parse(logged.text()) == logged
    if stage in (Stage.NOT_DONE, Stage.UNKNOWN):
        logged = LoggedEvent(event, stage, f"{reason.value}: {words}")
        assert LoggedEvent.parse(logged.text()) == logged


@pytest.mark.parametrize("kind", known_events())
@examples(15)
@given(data=st.data())
def test_a_shortened_text_is_never_taken_for_the_whole(kind: type[AuditEvent], data: st.DataObject) -> None:
    event = data.draw(events(kind))
    text = event.text()
    cut = text[: data.draw(st.integers(0, len(text)))] + SHORTENED
    logged = LoggedEvent.parse(cut)
    assert logged is None or logged.event != event
    assert logged is None or not logged.is_undoable


def test_ordinary_names_are_written_without_quotes() -> None:
    label = KeyLabel(KeyName("********Gh78", "#3f9a01"), "Acme (UK) by Dana")
    event = KeyStatusChanged(label, KeyStatus.ENABLED, KeyStatus.DISABLED_BY_CUSTOMER, "Mary Ann")
    expected = (
        "API key ********Gh78 #3f9a01 (Acme (UK) by Dana) changed from Enabled to Disabled by Customer by Mary Ann"
    )
    assert event.text() == expected
