"""Signing in as an Open Dental user: names, passwords, permissions and lockout."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Connection

from core.base.errors import (
    ApiSetupError,
    ConnectionLost,
    LockedOut,
    NotAuthorized,
    NotPermitted,
    PracticeUnavailable,
    WrongNameOrPassword,
)
from core.base.secret import Secret
from core.database.address import FileAddress, ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.model.sign_in_events import UNKNOWN_USER, UserLogOnFailed
from core.office.office import Office
from core.office.opening import open_file_office, open_server_office
from core.opendental.key_status import KeyStatus
from core.users.service import READERS
from tests.support.actors import ADMIN
from tests.support.audit_pages import newest_entries
from tests.support.change_kinds import KINDS, NEW, key_of, save_settings
from tests.support.databases import NOW, SamplePractice, SampleServer, database_user, runtime
from tests.support.fault_injection import each_statement, lose_answer
from tests.support.practice_rows import ACCOUNT, PASSWORDS
from tests.support.row_diff import Written, server_now, writing


def failures(sample: SamplePractice) -> str | None:
    return sample.value("userod", 1, "FailedAttempts")


def set_failures(sample: SamplePractice, count: int, ago: timedelta) -> None:
    """Set the number of consecutive failures, and the time since the last one by the practice's clock."""
    moment = (server_now(sample) - ago).isoformat(" ")
    sample.execute("UPDATE userod SET FailedAttempts = ?, DateTFail = ? WHERE UserNum = 1", count, moment)


def fail_to_sign_in(office: Office) -> None:
    with pytest.raises(WrongNameOrPassword):
        office.users.sign_in("Admin", Secret("wrong"))


@pytest.mark.parametrize("length", [10, 320, 5000])
def test_an_inactivity_limit_that_is_never_reached_means_never(sample: SamplePractice, length: int) -> None:
    sample.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'SecurityLogOffAfterMinutes'", "9" * length)
    with sample.office() as office:
        assert office.users.sign_in("Admin", Secret(PASSWORDS["Admin"])).log_off_after_minutes == 0


@pytest.mark.parametrize("name", ["Admin", "Ecw", "Bare", "Blank"])
def test_every_kind_of_password_hash_is_accepted(sample: SamplePractice, name: str) -> None:
    with sample.office() as office:
        signed_in = office.users.sign_in(name, Secret(PASSWORDS[name]))
        assert signed_in.actor.user_name == name
        assert signed_in.writable
        assert signed_in.sees_audit_trail
        with pytest.raises(WrongNameOrPassword):
            office.users.sign_in(name, Secret(f"{PASSWORDS[name]}x"))


@pytest.mark.parametrize("typed", ["admin", "ADMIN", " Admin "])
def test_a_name_is_not_case_sensitive(sample: SamplePractice, typed: str) -> None:
    with sample.office() as office:
        assert office.users.sign_in(typed, Secret(PASSWORDS["Admin"])).actor == ADMIN


def test_a_password_is_case_sensitive(sample: SamplePractice) -> None:
    with sample.office() as office, pytest.raises(WrongNameOrPassword):
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"].upper()))


@pytest.mark.parametrize(
    ("name", "password"), [("Nobody", ""), ("", ""), ("Admin", ""), ("Gone", "gone"), ("Gone", "x")]
)
def test_every_wrong_sign_in_gets_the_same_error(sample: SamplePractice, name: str, password: str) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(WrongNameOrPassword) as caught:
        office.users.sign_in(name, Secret(password))
    assert caught.value.sentence == "Invalid username or password."
    assert len(written.audit) == 1
    assert "gone" not in str(written.audit[0][2])


def test_a_failure_of_a_hidden_user_is_logged_and_not_counted(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(WrongNameOrPassword):
        office.users.sign_in("Gone", Secret("x"))
    assert written == Written(audit=[(83, 3, "User: Gone failed to log on.")])


def test_only_visible_users_with_security_admin_can_grant_permissions(sample: SamplePractice) -> None:
    # A permission for a single object is not the permission.
    sample.execute("INSERT INTO grouppermission (GroupPermNum, UserGroupNum, PermType, FKey) VALUES (77, 4, 24, 17)")
    with sample.office() as office:
        assert office.users.permission_granters() == ("Admin", "Bare", "Blank", "Ecw", ACCOUNT)


def test_a_visible_user_comes_before_a_hidden_one_with_the_same_name(sample: SamplePractice) -> None:
    sample.execute("UPDATE userod SET UserName = 'admin' WHERE UserNum = 3")
    sample.execute("UPDATE userod SET UserNum = 0 WHERE UserNum = 3")
    with sample.office() as office:
        assert office.users.sign_in("Admin", Secret(PASSWORDS["Admin"])).actor.user_num == 1


def test_a_user_without_the_permission_setup_cannot_sign_in(sample: SamplePractice) -> None:
    with sample.office() as office:
        with pytest.raises(NotAuthorized, match="The user Maria needs the permission Setup"):
            office.users.sign_in("Maria", Secret(PASSWORDS["Maria"]))
        with pytest.raises(WrongNameOrPassword):
            office.users.sign_in("Maria", Secret("wrong"))


def test_a_user_with_audittrail_alone_signs_in_to_read_and_api_setup_is_not_opened(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written:
        signed_in = office.users.sign_in("Maria", Secret(PASSWORDS["Maria"]), *READERS)
    assert (signed_in.has_setup, signed_in.sees_audit_trail, signed_in.writable) == (False, True, True)
    assert [text for _, _, text in written.audit] == ["User: Maria has logged on."]


def test_a_user_with_setup_opens_api_setup_where_audittrail_would_do(file_sample: SamplePractice) -> None:
    with file_sample.office() as office, writing(file_sample) as written:
        assert office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]), *READERS).has_setup
    assert [text for _, _, text in written.audit] == ["User: Admin has logged on.", "API/FHIR"]


def test_a_user_with_neither_permission_is_refused_with_both_names(file_sample: SamplePractice) -> None:
    refusal = pytest.raises(NotAuthorized, match="needs the permission Setup or AuditTrail to open API Setup or the")
    with file_sample.office() as office, refusal:
        office.users.sign_in("Narrow", Secret("narrow"), *READERS)


def test_a_permission_for_a_single_object_is_not_setup(sample: SamplePractice) -> None:
    with sample.office() as office, pytest.raises(NotAuthorized):
        office.users.sign_in("Narrow", Secret("narrow"))


def test_a_user_without_the_permission_audittrail_does_not_see_it(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM grouppermission WHERE PermType = 122")
    with sample.office() as office:
        assert not office.users.sign_in("Admin", Secret(PASSWORDS["Admin"])).sees_audit_trail


def test_the_fifth_failure_locks_the_user_out(sample: SamplePractice) -> None:
    with sample.office() as office:
        for number in range(5):
            assert failures(sample) == str(number)
            fail_to_sign_in(office)
        with writing(sample) as written, pytest.raises(LockedOut) as caught:
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert abs(caught.value.until - server_now(sample) - timedelta(minutes=5)) < timedelta(seconds=30)
    assert "locked until" in caught.value.sentence
    # An attempt during the lockout does not extend it.
    assert written == Written(audit=[(83, 1, "User: Admin failed to log on.")])


def test_a_lockout_ends_after_five_minutes(sample: SamplePractice) -> None:
    set_failures(sample, 5, timedelta(minutes=5, seconds=2))
    with sample.office() as office, writing(sample) as written:
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert written.changed == {("userod", "1", "FailedAttempts"): ("5", "0")}


def test_a_lockout_lasts_five_minutes(sample: SamplePractice) -> None:
    set_failures(sample, 5, timedelta(minutes=4, seconds=30))
    with sample.office() as office, pytest.raises(LockedOut):
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


def test_a_failure_after_five_minutes_is_counted_as_the_first(sample: SamplePractice) -> None:
    set_failures(sample, 4, timedelta(minutes=6))
    with sample.office() as office:
        fail_to_sign_in(office)
    assert failures(sample) == "1"


def test_a_failure_within_five_minutes_is_added_to_the_count(sample: SamplePractice) -> None:
    set_failures(sample, 3, timedelta(minutes=4))
    with sample.office() as office:
        fail_to_sign_in(office)
        assert failures(sample) == "4"
        # As in Open Dental, a success clears only a failure that is more than five minutes old.
        with writing(sample) as written:
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert written.changed == {}


# On SQLite the clock is the test's own, so that exactly five minutes are exactly five minutes.


def test_a_lock_holds_at_exactly_five_minutes(file_sample: SamplePractice) -> None:
    set_failures(file_sample, 5, timedelta(minutes=5))
    with file_sample.office() as office:
        rights = office.users.rights("Admin")
        assert rights is not None
        assert rights.locked_until == NOW
        with pytest.raises(LockedOut) as caught:
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert caught.value.until == NOW


def test_a_lock_is_over_a_second_after_five_minutes(file_sample: SamplePractice) -> None:
    set_failures(file_sample, 5, timedelta(minutes=5, seconds=1))
    with file_sample.office() as office:
        rights = office.users.rights("Admin")
        assert rights is not None
        assert rights.locked_until is None
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


@pytest.mark.parametrize(("seconds", "count"), [(299, "4"), (300, "4"), (301, "1")])
def test_a_count_begins_again_only_after_more_than_five_minutes(
    file_sample: SamplePractice, seconds: int, count: str
) -> None:
    set_failures(file_sample, 3, timedelta(seconds=seconds))
    with file_sample.office() as office:
        fail_to_sign_in(office)
    assert failures(file_sample) == count


def test_a_failure_locks_from_its_own_time_on(sample: SamplePractice) -> None:
    set_failures(sample, 4, timedelta(minutes=4))
    with sample.office() as office:
        fail_to_sign_in(office)
        with pytest.raises(LockedOut) as caught:
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert abs(caught.value.until - server_now(sample) - timedelta(minutes=5)) < timedelta(seconds=30)


class WhileChecked(Secret):
    """A password during whose check something else happens."""

    __slots__ = ("_act",)

    def __init__(self, value: str, act: Callable[[], object]) -> None:
        super().__init__(value)
        self._act = act

    def reveal(self) -> str:
        self._act()
        return super().reveal()


@contextmanager
def failing_at_the_same_time(office: Office) -> Iterator[Callable[[], object]]:
    """Give a function that starts a failing sign-in in another thread, which ends by the end of the block."""
    errors: list[Exception] = []

    def fail() -> None:
        try:
            office.users.sign_in("Admin", Secret("wrong"))
        except ApiSetupError as error:
            errors.append(error)

    thread = Thread(target=fail)
    yield thread.start
    thread.join()
    assert [type(error) for error in errors] == [WrongNameOrPassword]


@pytest.mark.parametrize(
    ("before", "ago", "after"),
    [
        (0, timedelta(days=1), "2"),
        (3, timedelta(minutes=1), "5"),
        (4, timedelta(minutes=6), "2"),
    ],
)
def test_two_failures_at_the_same_moment_are_two(
    sample: SamplePractice, before: int, ago: timedelta, after: str
) -> None:
    set_failures(sample, before, ago)
    with (
        sample.office() as office,
        sample.office() as other,
        failing_at_the_same_time(other) as begin,
        pytest.raises(WrongNameOrPassword),
    ):
        office.users.sign_in("Admin", WhileChecked("wrong", begin))
    assert failures(sample) == after


def test_a_success_does_not_clear_a_failure_that_came_meanwhile(sample: SamplePractice) -> None:
    set_failures(sample, 3, timedelta(minutes=6))
    right = PASSWORDS["Admin"]
    with sample.office() as office, sample.office() as other, failing_at_the_same_time(other) as begin:
        assert office.users.sign_in("Admin", WhileChecked(right, begin)).writable
    assert failures(sample) == "1"


GUESSES = 16


class CountedPassword(Secret):
    """A password that counts how often it is judged, and takes its time to be."""

    __slots__ = ("judged",)

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.judged: list[int] = []

    def reveal(self) -> str:
        self.judged.append(1)
        # Gives way to the other threads, as a slow computer would.
        time.sleep(0.005)
        return super().reveal()


def guess_in_parallel(offices: list[Office], password: Secret) -> Counter[type[Exception]]:
    """Sign in at the same time from several threads with a wrong password, and count the errors."""
    together = Barrier(GUESSES)

    def guess(number: int) -> type[Exception]:
        together.wait()
        try:
            offices[number % len(offices)].users.sign_in("Admin", password)
        except ApiSetupError as error:
            return type(error)
        raise AssertionError("signed in with a wrong password")

    with ThreadPoolExecutor(GUESSES) as threads:
        return Counter(threads.map(guess, range(GUESSES)))


@pytest.mark.parametrize("open_offices", [1, 4])
def test_however_many_guess_at_once_only_five_passwords_are_judged(sample: SamplePractice, open_offices: int) -> None:
    password = CountedPassword("wrong")
    with ExitStack() as stack:
        offices = [stack.enter_context(sample.office()) for _ in range(open_offices)]
        with writing(sample) as written:
            errors = guess_in_parallel(offices, password)
    assert errors == {WrongNameOrPassword: 5, LockedOut: GUESSES - 5}
    assert len(password.judged) == 5
    assert written.audit == [(83, 1, "User: Admin failed to log on.")] * GUESSES
    assert failures(sample) == "5"


def test_a_lock_that_is_held_too_long_refuses_without_judging(
    server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if server_sample.transactional:
        pytest.skip("the database locks the row")
    monkeypatch.setattr("core.practice.exclusive_lock._LOCK_SECONDS", 0.05)
    password = CountedPassword("wrong")

    def sign_in_meanwhile() -> None:
        with pytest.raises(PracticeUnavailable, match="Another program is making the same change"):
            other.users.sign_in("Admin", password)

    with server_sample.office() as office, server_sample.office() as other, pytest.raises(WrongNameOrPassword):
        office.users.sign_in("Admin", WhileChecked("wrong", sign_in_meanwhile))
    assert password.judged == []
    assert failures(server_sample) == "1"


def test_a_sign_in_with_the_right_password_leaves_no_count(sample: SamplePractice) -> None:
    set_failures(sample, 4, timedelta(minutes=1))
    with sample.office() as office, writing(sample) as written:
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert written == Written(audit=[(83, 1, "User: Admin has logged on."), (8, 1, "API/FHIR")])


def test_the_first_failure_after_a_zero_date_counts_as_one(sample: SamplePractice) -> None:
    sample.execute("UPDATE userod SET FailedAttempts = 3, DateTFail = '0000-00-00 00:00:00' WHERE UserNum = 1")
    with sample.office() as office:
        fail_to_sign_in(office)
    assert failures(sample) == "1"


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
@pytest.mark.parametrize(("before", "after"), [(254, "255"), (255, "255")])
def test_a_count_that_is_at_its_columns_end_stays_there(server_sample: SampleServer, before: int, after: str) -> None:
    # Failures that another program counted after the lock was looked at; with transactions, it would have to wait.
    def count() -> None:
        set_failures(server_sample, before, timedelta(minutes=1))

    with server_sample.office() as office, pytest.raises(WrongNameOrPassword):
        office.users.sign_in("Admin", WhileChecked("wrong", count))
    assert failures(server_sample) == after


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
def test_a_failure_that_is_taken_back_takes_back_none_of_others(server_sample: SampleServer) -> None:
    cuts: list[str] = []
    with server_sample.office() as office:

        def while_it_is_counted(kind: str, connection: Connection) -> None:
            if kind == "UPDATE userod" and not cuts:
                cuts.append(kind)
                server_sample.execute("UPDATE userod SET FailedAttempts = FailedAttempts + 2 WHERE UserNum = 1")
                lose_answer(server_sample)(connection)

        with each_statement(while_it_is_counted), pytest.raises(ConnectionLost):
            office.users.sign_in("Admin", Secret("wrong"))
    # One too many is safe, one too few is not.
    assert failures(server_sample) in ("2", "3")


def test_the_count_of_failures_stays_within_its_column(sample: SamplePractice) -> None:
    sample.execute("UPDATE userod SET FailedAttempts = 255, DateTFail = ? WHERE UserNum = 1", "2020-01-01 00:00:00")
    with sample.office() as office:
        fail_to_sign_in(office)
    assert failures(sample) == "1"


def test_a_lockout_uses_the_servers_clock(server_sample: SampleServer) -> None:
    set_failures(server_sample, 5, timedelta(minutes=1))
    with server_sample.office(clock=lambda: NOW + timedelta(days=9000)) as office, pytest.raises(LockedOut):
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


def test_a_failure_with_a_zero_date_does_not_lock_the_user_out(sample: SamplePractice) -> None:
    sample.execute("UPDATE userod SET FailedAttempts = 9, DateTFail = '0000-00-00 00:00:00' WHERE UserNum = 1")
    with sample.office() as office:
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


def test_users_with_a_null_name_or_password_are_ignored(sample: SamplePractice) -> None:
    sample.execute("UPDATE userod SET UserName = NULL, Password = NULL WHERE UserNum = 4")
    with sample.office() as office:
        with pytest.raises(WrongNameOrPassword):
            office.users.sign_in("", Secret(""))
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


@pytest.mark.parametrize("name", ["stranger", "Maria", "Gone"])
def test_an_account_without_a_user_with_setup_is_refused(file_sample: SamplePractice, name: str) -> None:
    refusal = pytest.raises(NotAuthorized, match=f"has no user {name} with access to API Setup")
    with file_sample.office() as office, writing(file_sample) as written, refusal:
        office.users.account(name)
    assert written == Written()


@contextmanager
def read_only_office(sample: SampleServer) -> Iterator[Office]:
    """Open the practice as a database user with read access."""
    with database_user(sample, "SELECT") as account, closing(sample.open_as(account)) as office:
        yield office


READ_ONLY_SAMPLES = ["21.1 MyISAM", "24.3 InnoDB"]


@pytest.mark.parametrize("server_sample", READ_ONLY_SAMPLES, indirect=True)
def test_a_database_user_with_read_access_can_see_everything(server_sample: SampleServer) -> None:
    with read_only_office(server_sample) as office, writing(server_sample) as written:
        signed_in = office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
        assert not signed_in.writable
        fail_to_sign_in(office)
        with pytest.raises(WrongNameOrPassword):
            office.users.sign_in("Nobody", Secret("x"))
        with pytest.raises(NotAuthorized):
            office.users.sign_in("Maria", Secret(PASSWORDS["Maria"]))
        assert office.settings.load().values.interval == ""
        assert office.keys.list().keys
        assert newest_entries(office)
    (counted,) = written.added.pop("apisetup_sign_in_failure")
    assert (counted["user_num"], counted["failures"]) == ("1", "1")
    assert written == Written()


@contextmanager
def opened_read_only(sample: SamplePractice) -> Iterator[Office]:
    """Open the practice with `--read-only`."""
    agreement, context = default_agreement(), runtime()
    if isinstance(sample, SampleServer):
        address, companion, local = sample.address, sample.companion_source, AuthorityName.LOCAL
        assert isinstance(address, ServerAddress)
        office = open_server_office(address, sample.password, companion, local, agreement, context, read_only=True)
    else:
        office = open_file_office(FileAddress(sample.companion), agreement, context, read_only=True)
    with closing(office):
        yield office


def test_a_practice_that_is_opened_read_only_locks_after_five_failures(sample: SamplePractice) -> None:
    with opened_read_only(sample) as office:
        password = CountedPassword("wrong")
        assert guess_in_parallel([office], password) == {WrongNameOrPassword: 5, LockedOut: GUESSES - 5}
        assert len(password.judged) == 5
        with pytest.raises(LockedOut) as caught:
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
        assert abs(caught.value.until - server_now(sample) - timedelta(minutes=5)) < timedelta(seconds=30)
        assert not office.users.sign_in("Ecw", Secret(PASSWORDS["Ecw"])).writable
    assert failures(sample) == "0"


@pytest.mark.parametrize("server_sample", READ_ONLY_SAMPLES, indirect=True)
def test_failures_without_write_access_are_counted_across_starts(server_sample: SampleServer) -> None:
    for _ in range(5):
        with read_only_office(server_sample) as office:
            fail_to_sign_in(office)
    with read_only_office(server_sample) as office, pytest.raises(LockedOut):
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


@pytest.mark.parametrize("server_sample", READ_ONLY_SAMPLES, indirect=True)
def test_failures_that_open_dental_counted_count_without_write_access(server_sample: SampleServer) -> None:
    set_failures(server_sample, 3, timedelta(minutes=1))
    with read_only_office(server_sample) as office:
        fail_to_sign_in(office)
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
        fail_to_sign_in(office)
        with pytest.raises(LockedOut):
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


@pytest.mark.parametrize("server_sample", READ_ONLY_SAMPLES, indirect=True)
def test_failures_of_a_read_only_start_count_in_a_start_that_writes(server_sample: SampleServer) -> None:
    with read_only_office(server_sample) as office:
        for _ in range(3):
            fail_to_sign_in(office)
    with server_sample.office() as office:
        for _ in range(2):
            fail_to_sign_in(office)
        with pytest.raises(LockedOut):
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert failures(server_sample) == "2"
    with read_only_office(server_sample) as office, pytest.raises(LockedOut):
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


def test_a_user_whom_a_read_only_start_locked_stays_locked_and_only_that_user(server_sample: SampleServer) -> None:
    with read_only_office(server_sample) as office:
        for _ in range(5):
            fail_to_sign_in(office)
    with server_sample.office() as office:
        with pytest.raises(LockedOut):
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
        assert office.users.sign_in("Ecw", Secret(PASSWORDS["Ecw"])).writable


def test_old_failures_of_a_read_only_start_do_not_count(server_sample: SampleServer) -> None:
    with read_only_office(server_sample) as office:
        for _ in range(5):
            fail_to_sign_in(office)
    with closing(sqlite3.connect(server_sample.companion)) as companion:
        companion.execute("UPDATE apisetup_sign_in_failure SET last_failure = datetime(last_failure, '-6 minutes')")
        companion.commit()
    with server_sample.office() as office:
        assert office.users.sign_in("Admin", Secret(PASSWORDS["Admin"])).writable


def test_failures_are_counted_in_the_process_if_the_companion_cannot_be_written(
    server_sample: SampleServer, caplog: pytest.LogCaptureFixture
) -> None:
    with read_only_office(server_sample) as office:
        with closing(sqlite3.connect(server_sample.companion)) as companion:
            companion.execute("DROP TABLE apisetup_sign_in_failure")
            companion.commit()
        for _ in range(5):
            fail_to_sign_in(office)
        with pytest.raises(LockedOut):
            office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert "counted only until this program ends" in caplog.text


@pytest.mark.parametrize("server_sample", READ_ONLY_SAMPLES, indirect=True)
def test_a_database_user_with_read_access_gets_the_reason_why_saving_fails(server_sample: SampleServer) -> None:
    with read_only_office(server_sample) as office, writing(server_sample) as written:
        key = key_of(office, "Appointment Bridge")
        for attempt in (
            lambda: save_settings(office),
            lambda: office.licenses.accept(ADMIN, NEW),
            lambda: office.licenses.decline(ADMIN, NEW),
            lambda: office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER),
            lambda: office.keys.show(ADMIN, key),
        ):
            with pytest.raises(NotPermitted) as caught:
                attempt()
            assert caught.value.sentence.startswith("The database user ")
            assert caught.value.sentence.endswith(
                "it lacks INSERT on securitylog, securityloghash, signalod. Nothing was changed."
            )
            assert "apisetup grants" in caught.value.hint
    assert written == Written()


def test_a_database_user_with_read_access_can_sign_out(server_sample: SampleServer) -> None:
    with read_only_office(server_sample) as office:
        office.users.sign_out(ADMIN)


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_a_change_is_undone_if_a_right_is_missing_for_its_second_half(server_sample: SampleServer) -> None:
    """The database user may write the Audit Trail and programs, but not preferences."""
    rights = (
        "SELECT",
        *(f"INSERT ON {table}" for table in ("securitylog", "securityloghash", "signalod")),
        "UPDATE (Enabled) ON program",
        "UPDATE (PropertyValue) ON programproperty",
    )
    with (
        database_user(server_sample, *rights) as account,
        closing(server_sample.open_as(account)) as office,
        writing(server_sample) as written,
        pytest.raises(NotPermitted),
    ):
        save_settings(office)
    assert (written.changed, written.signals) == ({}, [])
    texts = [str(text).split(":")[0] for _, _, text in written.audit]
    assert texts == ([] if server_sample.transactional else ["API Setup", "NOT DONE"])


MINIMAL = (
    "SELECT",
    "UPDATE (Enabled) ON program",
    "UPDATE (PropertyValue) ON programproperty",
    "UPDATE (ValueString) ON preference",
    "UPDATE (FailedAttempts, DateTFail) ON userod",
    *(f"INSERT ON {table}" for table in ("securitylog", "securityloghash", "signalod")),
    "INSERT, DELETE ON apikey",
    "UPDATE (DateTimeStop), DELETE ON apisubscription",
    "INSERT, UPDATE (ItemName, ItemValue, ItemOrder, IsHidden) ON definition",
)


def test_the_minimal_rights_are_enough_for_every_change(server_sample: SampleServer) -> None:
    """The rights are limited to the columns that the program writes."""
    with database_user(server_sample, *MINIMAL) as account, closing(server_sample.open_as(account)) as office:
        for kind, run in KINDS.items():
            if kind != "open as account":
                run(office)
        assert office.users.sign_in("Admin", Secret(PASSWORDS["Admin"])).writable


def test_the_account_of_an_embedded_practice_needs_no_password(file_sample: SamplePractice) -> None:
    with file_sample.office() as office:
        signed_in = office.users.account(ACCOUNT.upper())
    assert (signed_in.actor.user_name, signed_in.writable, signed_in.sees_audit_trail) == (ACCOUNT, True, True)


def test_a_user_who_was_renamed_a_moment_ago_signs_in_with_the_new_name_only(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        office.users.sign_in("Admin", Secret("correct horse"))
        server_sample.execute("UPDATE userod SET UserName = 'Chief' WHERE UserNum = 1")
        with pytest.raises(WrongNameOrPassword):
            office.users.sign_in("Admin", Secret("correct horse"))
        assert office.users.sign_in("Chief", Secret("correct horse")).actor.user_name == "Chief"
    assert failures(server_sample) == "0"


def test_a_user_who_was_deleted_a_moment_ago_is_unknown(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        office.users.sign_in("Admin", Secret("correct horse"))
        server_sample.execute("DELETE FROM userod WHERE UserNum = 1")
        with pytest.raises(WrongNameOrPassword):
            office.users.sign_in("Admin", Secret("correct horse"))
    texts = [row["LogText"] for row in server_sample.practice_rows()["securitylog"].values()]
    assert texts[-1] == UserLogOnFailed(UNKNOWN_USER).text()


def test_a_user_who_was_added_a_moment_ago_signs_in(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        office.users.sign_in("Admin", Secret("correct horse"))
        server_sample.execute("UPDATE userod SET UserNum = 77, UserName = 'New' WHERE UserNum = 1")
        server_sample.execute("UPDATE usergroupattach SET UserNum = 77 WHERE UserNum = 1")
        assert office.users.sign_in("New", Secret("correct horse")).actor.user_num == 77
