"""The arrangement of a month's facts: new vendors, cut-offs, use, and what is wrong with the Audit Trail."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from core.model.api_key import ApiKey, AuthorityInfo, KeyFields, KeyList
from core.model.audit_entry import AuditEntry, HashStatus
from core.model.authority_name import AuthorityName
from core.model.developer_use import PeriodUse
from core.model.event_values import CopyChange, KeyLabel, KeyName, KeyNames
from core.model.key_events import KeyAdded, KeyCopyChanged, KeyRemoved, KeyStatusChanged
from core.model.key_text import fingerprint
from core.model.logged_event import AuditEvent, LoggedEvent, Stage
from core.model.month import Month
from core.model.monthly_report import MonthFacts, OfficeInfo, OfficeMonth, OwnEntry, SealFact
from core.opendental.key_status import KeyStatus
from core.reports.month_arrangement import arrange_month

MONTH = Month(2024, 11)
BEFORE, WITHIN = datetime(2024, 10, 31, 23, 59, 59), datetime(2024, 11, 1)
DISABLED = datetime(2024, 11, 5, 9)
AUTHORITY = AuthorityInfo(AuthorityName.LOCAL, "local registry", "")


def key(developer: str, text: str, added: datetime | None = BEFORE, **more: Any) -> ApiKey:
    """Return an enabled key."""
    plain = ApiKey(
        *(fingerprint(text), f"********{text[-4:]}", developer, KeyStatus.ENABLED, KeyFields(), None, added),
        *(None, True),
    )
    return replace(plain, **more)


def label(one: ApiKey) -> KeyLabel:
    return KeyLabel.of(one)


def entry(
    number: int, event: AuditEvent, stage: Stage = Stage.DONE, moment: datetime = WITHIN, **more: Any
) -> OwnEntry:
    """Return an entry of a user whose name is Maria."""
    logged = LoggedEvent(event, stage)
    plain = AuditEntry(
        *(number, moment, 8, "Setup", 2, "Maria", "PC", logged.text(), False, "", 0, None, HashStatus.MATCHES),
        *(str(moment), ("h",), "h", 0, 0, 0),
    )
    return OwnEntry(plain._replace(**more), logged)


def arranged(*keys: ApiKey, entries: tuple[OwnEntry, ...] | None = (), **more: Any) -> OfficeMonth:
    """Arrange the facts of a practice with these keys."""
    info = OfficeInfo("Bright Smiles", "opendental", "10.0.0.5", datetime(2024, 12, 2), "-06:00", "Admin")
    facts = MonthFacts(MONTH, info, KeyList(keys, AUTHORITY), entries=entries, use={}, seals=())
    return arrange_month("North", replace(facts, **more))


def test_a_vendor_is_new_if_all_of_its_keys_were_added_in_the_month() -> None:
    new, old, second = key("New", "aaaa0001", WITHIN), key("Old", "aaaa0002"), key("old", "aaaa0003", WITHIN)
    unknown, copied = key("Unknown", "aaaa0004", None), key("Copied", "aaaa0005", None)
    added = KeyCopyChanged(CopyChange(KeyNames((KeyName.of(copied),)), KeyNames()))
    month = arranged(new, old, second, unknown, copied, entries=(entry(5, added),))
    assert month.new_vendors is not None
    assert [(each.developer, each.added, each.by) for each in month.new_vendors] == [
        ("New", WITHIN, ""),
        ("Copied", WITHIN, "Maria"),
    ]


def test_a_vendor_whose_key_was_added_and_removed_again_is_new() -> None:
    gone, failed = key("Gone", "aaaa0001"), key("Failed", "aaaa0002")
    entries = (entry(5, KeyAdded(label(gone), "Maria")), entry(6, KeyAdded(label(failed), "Maria"), Stage.NOT_DONE))
    month = arranged(entries=entries)
    assert month.new_vendors is not None
    assert [each.developer for each in month.new_vendors] == ["Gone"]
    assert [(each.number, each.done) for each in month.changes or ()] == [(5, True), (6, False)]


def test_cut_offs_name_who_and_the_entry_or_say_that_none_records_them() -> None:
    ours, theirs = key("Ours", "aaaa0001"), key("Theirs", "aaaa0002")
    disabled = (KeyStatus.ENABLED, KeyStatus.DISABLED_BY_CUSTOMER)
    keys = (
        replace(ours, status=disabled[1], date_disabled=DISABLED),
        replace(theirs, status=KeyStatus.DISABLED_BY_HQ, date_disabled=DISABLED),
        key("Earlier", "aaaa0003", status=KeyStatus.DISABLED_BY_HQ, date_disabled=BEFORE),
    )
    entries = (
        entry(5, KeyStatusChanged(label(ours), *disabled, "Maria", receipt="R20241105-0A1B2C"), moment=DISABLED),
        entry(6, KeyStatusChanged(label(theirs), *disabled, "Maria"), Stage.NOT_DONE),
        entry(7, KeyStatusChanged(label(theirs), disabled[1], disabled[0], "Maria")),
        entry(8, KeyRemoved(label(theirs), "Maria", KeyStatus.ENABLED)),
    )
    found = arranged(*keys, entries=entries).cut_offs
    assert found is not None
    assert [(each.entry, each.by, each.change) for each in found] == [
        (8, "Maria", "removed from the local registry"),
        (5, "Maria", "Enabled → Disabled by Customer (receipt R20241105-0A1B2C)"),
    ]
    found = arranged(*keys, entries=entries[:3]).cut_offs
    assert found is not None
    assert ("Disabled by Open Dental; no entry records it", "", 0) in [(e.change, e.by, e.entry) for e in found]


def test_use_after_all_keys_were_disabled_is_remarked_on() -> None:
    per_day = (1, *(0,) * 3, 2, 3, *(0,) * 24)
    off: dict[str, Any] = {"status": KeyStatus.DISABLED_BY_CUSTOMER, "date_disabled": DISABLED}
    keys = (key("Off", "aaaa0001", **off), key("On", "aaaa0002", **off), key("On", "aaaa0003"))
    month = arranged(*keys, use={"On": PeriodUse(per_day), "Off": PeriodUse(per_day), "Quiet": PeriodUse((0,) * 30)})
    assert [(each.developer, each.total, each.remark) for each in month.use or ()] == [
        ("Off", 6, "3 changes after its keys were disabled"),
        ("On", 6, ""),
        ("Quiet", 0, ""),
    ]
    assert month.api_changes == 12


def test_findings_say_what_is_not_verified_sealed_or_genuine() -> None:
    old, new = datetime(2024, 10, 1), datetime(2024, 12, 1)
    event = KeyRemoved(label(key("A", "aaaa0001")), "Maria", KeyStatus.ENABLED)
    bad = (entry(1, event, hash_status=HashStatus.ALTERED), entry(2, event, hash_status=HashStatus.NO_HASH))
    seals = (SealFact(1, old, 5, "job", "ab"), SealFact(2, datetime(2024, 11, 20), 7, "job", "cd"))
    bare = arranged().evidence
    assert bare.findings == ("The Audit Trail was never verified from here.", "The Audit Trail isn't sealed.")
    some = arranged(entries=bad, seals=seals, verification=(old, "fine")).evidence
    assert some.findings == (
        "The Audit Trail wasn't verified since 2024-10-01.",
        "Entries after the last seal (2024-11-20 00:00) aren't sealed.",
        "1 entry in this report didn't match the hash. Verify the Audit Trail.",
        "1 entry in this report had no hash.",
    )
    assert (some.seals, [each.number for each in some.seals_in_month]) == (2, [2])
    fine = arranged(seals=(SealFact(1, new, 5, "job", "ab"),), verification=(new, "fine")).evidence
    assert fine.findings == ()


def test_what_was_not_read_is_not_known_instead_of_none() -> None:
    month = arranged(keys=None, entries=None, use=None, seals=None, unknown=("The changes can't be read: no.",))
    assert (month.enabled, month.without_agreement, month.entries, month.api_changes) == (None, None, None, None)
    assert (month.new_vendors, month.cut_offs, month.evidence.seals) == (None, None, None)


def test_keys_are_counted_by_what_they_may_do() -> None:
    signed = KeyFields(agreement_since=date(2024, 1, 1))
    keys = (key("A", "aaaa0001", fields=signed), key("B", "aaaa0002"), key("C", "aaaa0003", gone=True))
    month = arranged(*keys, key("D", "aaaa0004", status=KeyStatus.DISABLED_BY_HQ))
    assert (month.enabled, month.without_agreement) == (2, 1)
    assert [each.remark for each in month.keys or ()] == ["", "", "no longer in the authority's list", ""]
