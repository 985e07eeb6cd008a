"""The one write path: audit rows that always fit, random primary keys, and strictness."""

from __future__ import annotations

from random import Random

import pytest

from core.base.errors import ApiSetupError
from core.base.secret import Secret
from core.model.actor import Actor
from core.model.agreement import Agreement
from core.model.api_key import NewKey
from core.office.office import Office
from core.opendental.schema import PREFERENCE
from tests.support.actors import ADMIN
from tests.support.change_kinds import ACCEPTED, NEW, NEW_KEY, add_key, save_settings
from tests.support.databases import COMPUTER, SamplePractice, SampleServer
from tests.support.practice_rows import TITLE, log_hash
from tests.support.row_diff import Written, writing
from tests.support.sample_event import SampleEvent

LONG = 70_000


def last_entry(sample: SamplePractice) -> dict[str, str | None]:
    rows = sample.practice_rows()
    number = max(rows["securitylog"], key=int)
    row = rows["securitylog"][number]
    (hashed,) = [h["LogHash"] for h in rows["securityloghash"].values() if h["SecurityLogNum"] == number]
    assert hashed == log_hash(row)
    return row


def log(sample: SamplePractice, text: str, actor: Actor = ADMIN) -> dict[str, str | None]:
    with sample.office() as office, office._practice.unit_of_work(actor, SampleEvent(text)):
        pass
    return last_entry(sample)


def test_a_four_byte_character_is_replaced_visibly_where_it_cannot_stand(sample: SamplePractice) -> None:
    expected = "key 🔑 of José 日本" if not sample.on_server else "key \ufffd of José 日本"
    assert log(sample, "key 🔑 of José 日本")["LogText"] == expected


def test_a_text_of_70_000_characters_is_shortened_visibly(sample: SamplePractice) -> None:
    text = str(log(sample, "é" * LONG)["LogText"])
    assert text.endswith("é [shortened]")
    assert 65_500 < len(text.encode()) <= 65_535


def test_a_long_name_of_computers_is_shortened_visibly(sample: SamplePractice) -> None:
    computer = str(log(sample, "x", Actor(1, "Admin", f"{'c' * 300}🔑"))["CompName"])
    assert computer.endswith("ccc [shortened]")
    assert len(computer) == 255


@pytest.mark.parametrize(
    "text", ["x [/] y", "\x00\x1b[31m\r\n", "\u202e backwards", "50% %s ? :name {0}", "\\' \" --", "\ud800"]
)
def test_odd_texts_are_logged(sample: SamplePractice, text: str) -> None:
    expected = text.replace("\ud800", "?")
    assert log(sample, text)["LogText"] == expected


def test_an_odd_license_title_is_logged(sample: SamplePractice) -> None:
    with sample.office(agreement=Agreement("🔑" * 30_000, "text")) as office:
        office.licenses.accept(ADMIN, NEW)
    assert str(last_entry(sample)["LogText"]).endswith(" [shortened]")


def test_several_texts_are_several_entries(sample: SamplePractice) -> None:
    with (
        sample.office() as office,
        writing(sample) as written,
        office._practice.unit_of_work(ADMIN, SampleEvent("one"), SampleEvent("two"), SampleEvent("three")),
    ):
        pass
    assert written == Written(audit=[(8, 1, "one"), (8, 1, "two"), (8, 1, "three")])


def test_an_audit_row_of_another_user_names_that_user(sample: SamplePractice) -> None:
    assert log(sample, "x", Actor(4, "Ecw", COMPUTER))["UserNum"] == "4"


def test_a_body_that_fails_changes_nothing(sample: SamplePractice) -> None:
    def fail(office: Office) -> None:
        with office._practice.unit_of_work(ADMIN, SampleEvent("text")) as work:
            assert work.compare_and_set(PREFERENCE.c.value_string, PREFERENCE.c.pref_num, 48, TITLE, "x")
            raise ZeroDivisionError

    with sample.office() as office, writing(sample) as written, pytest.raises(ZeroDivisionError):
        fail(office)
    assert written == (Written() if sample.transactional else Written(audit=[(8, 1, "text"), (8, 1, "NOT DONE: text")]))


@pytest.mark.parametrize("value", ["x" * LONG, "🔑" * 10])
def test_what_a_column_cannot_hold_is_refused_and_never_cut(server_sample: SampleServer, value: str) -> None:
    with server_sample.office() as office, writing(server_sample) as written:
        with pytest.raises(ApiSetupError) as caught, office._practice.unit_of_work(ADMIN, SampleEvent("x")) as work:
            work.compare_and_set(PREFERENCE.c.value_string, PREFERENCE.c.pref_num, 49, "5550100", value)
        assert caught.value.sentence.endswith("Nothing was changed.")
        assert value not in str(caught.value)
    assert written == Written()


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "21.1 MyISAM"], indirect=True)
def test_an_over_long_value_is_refused_on_myisam_too(server_sample: SampleServer) -> None:
    with (
        server_sample.office() as office,
        writing(server_sample) as written,
        pytest.raises(ApiSetupError),
        office._practice.unit_of_work(ADMIN, SampleEvent("x")) as work,
    ):
        work.compare_and_set(PREFERENCE.c.value_string, PREFERENCE.c.pref_num, 49, "5550100", "x" * LONG)
    assert written == Written(audit=[(8, 1, "x"), (8, 1, "NOT DONE: x")])


def random_keys(sample: SamplePractice) -> None:
    sample.execute("UPDATE preference SET ValueString = '1' WHERE PrefName = 'RandomPrimaryKeys'")


def new_keys(sample: SamplePractice) -> dict[str, list[int]]:
    before = sample.practice_rows()
    with sample.office() as office:
        save_settings(office)
        add_key(office)
    after = sample.practice_rows()
    tables = ["securitylog", "securityloghash", "signalod", *(["apikey"] if sample.has_apikey else [])]
    return {table: [int(key) for key in after[table] if key not in before[table]] for table in tables}


def test_random_primary_keys_are_picked_where_the_practice_asks(sample: SamplePractice) -> None:
    random_keys(sample)
    found = new_keys(sample)
    assert all(found.values())
    keys = [key for members in found.values() for key in members]
    assert all(10_000 <= key <= 2**63 - 1 for key in keys)
    assert max(keys) > 2**53
    assert all(members != sorted(members) or len(members) < 4 for members in found.values())


def test_random_primary_keys_come_from_the_replication_servers_range(server_sample: SampleServer) -> None:
    random_keys(server_sample)
    server_sample.execute(
        "INSERT INTO replicationserver (Descript, ServerId, RangeStart, RangeEnd)"
        " VALUES ('ours', @@server_id, 50000000, 50999999)"
    )
    keys = [key for members in new_keys(server_sample).values() for key in members]
    assert all(50_000_000 <= key <= 50_999_999 for key in keys)


def test_a_range_that_is_too_small_does_not_count(server_sample: SampleServer) -> None:
    random_keys(server_sample)
    server_sample.execute(
        "INSERT INTO replicationserver (Descript, ServerId, RangeStart, RangeEnd)"
        " VALUES ('ours', @@server_id, 50000000, 50999998)"
    )
    keys = [key for members in new_keys(server_sample).values() for key in members]
    assert max(keys) > 50_999_999


def test_a_random_key_that_is_taken_is_not_picked(file_sample: SamplePractice) -> None:
    random_keys(file_sample)
    # The practice's random numbers begin with the same seed.
    first = Random(7).randint(10_000, 2**63 - 1)  # noqa: S311
    file_sample.execute("UPDATE securitylog SET SecurityLogNum = ? WHERE SecurityLogNum = 4", first)
    with file_sample.office() as office:
        office.users.sign_out(ADMIN)
    rows = file_sample.practice_rows()
    assert rows["securitylog"][str(first)]["LogText"] == "Written without a hash."
    assert len(rows["securitylog"]) == 11


def test_without_random_keys_the_database_counts(sample: SamplePractice) -> None:
    found = new_keys(sample)
    assert all(key < 10_000 for keys in found.values() for key in keys)


def test_the_license_kind_is_what_the_column_holds(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.licenses.accept(ADMIN, NEW)
    assert last_entry(sample)["PermType"] == str(sample.license_kind)


def test_a_developer_whom_the_copy_cannot_spell_is_replaced_visibly(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.keys.add(ADMIN, NewKey(Secret(NEW_KEY), "Key 🔑 Works"), ACCEPTED)
    if sample.has_apikey:
        (copied,) = [r["DevName"] for r in sample.practice_rows()["apikey"].values() if r["CustApiKey"] == NEW_KEY]
        assert copied == ("Key \ufffd Works" if sample.on_server else "Key 🔑 Works")
