"""Faults between the statements of every kind of change: no change is made without its audit row.

By default, the connection is cut once after each kind of statement on InnoDB, which rolls back, and the process is
killed on MyISAM, where the order of writes decides, and on SQLite. With `-m thorough`, both happen on the other
engines, and with `-m faults` after every statement of every kind of change on every sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from core.base.errors import ApiSetupError
from tests.support.change_kinds import KINDS, WORDS, Run, exists_in
from tests.support.databases import Rows, SampleFile, SamplePractice, SampleServer
from tests.support.fault_injection import after_statement, cut_connection, one_fault_per_kind, recorded_statements
from tests.support.kill_driver import KillDriver
from tests.support.practice_rows import NO_DATE, log_hash
from tests.support.thorough import first_of

FILE = "SQLite"
ENGINES = (FILE, "24.3 MyISAM", "24.3 InnoDB")
_LOG = ("securitylog", "securityloghash", "signalod")
# A license text that nobody accepted in the end does no harm, nor does what a kill leaves in the journal.
_HARMLESS = ("apisetup_license_text", "apisetup_journal", "apisetup_question")
Effect = set[tuple[str, str, str | None]]
_DIFFERENT_EACH_TIME = (
    *("DateTFail", "date_disabled", "added", "accepted_at", "started_at", "number", "APIKeyNum", "DefNum"),
    "sealed",  # encrypted with a new random number each time
    "seal",  # names the second in which it was made
)


@pytest.fixture(scope="module")
def engine_sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamplePractice]:
    """A sample on the engine that the parameter names, shared by the tests on that engine."""
    directory = tmp_path_factory.mktemp("faults")
    if request.param == FILE:
        yield SampleFile(request.getfixturevalue("file_template"), directory / "practice.sqlite3")
        return
    server_samples: Callable[[str], SampleServer] = request.getfixturevalue("server_samples")
    sample = server_samples(request.param)
    sample.use_directory(directory)
    yield sample
    sample.restore()


@dataclass
class FaultPlan:
    """The statements of a recorded run of every kind of change."""

    numbers: dict[str, list[int]]
    """By kind of change, the statements after which a fault happens by default."""
    effects: dict[str, Effect]
    """By kind of change, the effect of the change without a fault."""


@pytest.fixture(scope="module")
def fault_plan(engine_sample: SamplePractice) -> FaultPlan:
    """The plan for an engine."""
    recorded: dict[str, list[str]] = {}
    effects: dict[str, Effect] = {}
    for kind in KINDS:
        if is_possible(engine_sample, kind):
            recorded[kind], effects[kind] = run_without_fault(engine_sample, kind)
    return FaultPlan(one_fault_per_kind(recorded), effects)


def is_possible(sample: SamplePractice, kind: str) -> bool:
    """Return False for the one change that only an SQLite practice has, and for those that a newer version has."""
    return exists_in(kind, sample.version) and (not sample.on_server or kind != "open as account")


def skip_if_impossible(sample: SamplePractice, kind: str) -> None:
    if not is_possible(sample, kind):
        pytest.skip("on a server, users sign in; old versions have no subscriptions")


def prepare(sample: SamplePractice) -> Rows:
    """Restore the practice, add failed sign-ins that a sign-in resets, and return all rows."""
    sample.restore()
    sample.execute("UPDATE userod SET FailedAttempts = 3, DateTFail = '2020-01-01 00:00:00' WHERE UserNum = 1")
    return sample.all_rows()


def changed_tables(before: Rows, after: Rows) -> set[str]:
    """Return the tables that differ, apart from the log."""
    return {table for table in after if table not in (*_LOG, *_HARMLESS) and after[table] != before[table]}


def effect(before: Rows, after: Rows) -> Effect:
    """Return what was changed outside the log: table, column and new value, without times and numbers of new rows."""
    changed = changed_tables(before, after)
    gone = {(table, f"row {key}", None) for table in changed for key in before[table].keys() - after[table]}
    return gone | {
        (table, column, "a time" if column == "DateTimeStop" and value != NO_DATE else value)
        for table in changed
        for key, row in after[table].items()
        for column, value in row.items()
        if row != before[table].get(key) and column not in _DIFFERENT_EACH_TIME
        if value != before[table].get(key, {}).get(column)
    }


def logged(before: Rows, after: Rows) -> list[str]:
    """Return the texts of the new audit rows whose hash matches."""
    hashes = {row["SecurityLogNum"]: row["LogHash"] for row in after["securityloghash"].values()}
    return [
        str(row["LogText"])
        for key, row in after["securitylog"].items()
        if key not in before["securitylog"] and hashes.get(key) == log_hash(row)
    ]


def assert_no_change_without_its_audit_rows(kind: str, before: Rows, after: Rows) -> None:
    if changed_tables(before, after):
        texts = logged(before, after)
        for words in WORDS[kind]:
            assert any(words in text for text in texts), f"{changed_tables(before, after)} changed without {words!r}"


def assert_can_be_done_now(sample: SamplePractice, kind: str, run: Run, before: Rows) -> None:
    """Check that the office opens, and that the change can be made now or was made already."""
    with sample.office() as office:
        run(office)
    after = sample.all_rows()
    assert logged(before, after)
    assert bool(changed_tables(before, after)) is (kind in WORDS)


def assert_failure_is_true(
    sample: SamplePractice, kind: str, failure: ApiSetupError, before: Rows, after: Rows
) -> None:
    """Check that the error and the Audit Trail both say what became of the change."""
    if kind == "sign in":
        # Two changes, of which the first may have been made where the second failed.
        return
    texts = [str(row["LogText"]) for key, row in after["securitylog"].items() if key not in before["securitylog"]]
    done = {text for text in texts if not text.startswith("NOT DONE: ")}
    undone = {text.removeprefix("NOT DONE: ") for text in texts if text.startswith("NOT DONE: ")}
    if "Nothing was changed" in failure.sentence:
        assert changed_tables(before, after) == set()
    if changed_tables(before, after):
        # The change was made, and reading it back failed.
        assert undone == set()
    else:
        # The server answers on a new connection, so what was logged first was compensated by a second entry.
        assert done <= undone
    if sample.transactional and not sample.on_server:
        assert after == before or changed_tables(before, after)


def run_without_fault(sample: SamplePractice, kind: str) -> tuple[list[str], Effect]:
    """Make the change to its end, and return the kinds of its statements and its effect."""
    before = prepare(sample)
    with sample.office() as office, recorded_statements() as statements:
        KINDS[kind](office)
    return statements, effect(before, sample.all_rows())


def cut_after(sample: SamplePractice, kind: str, number: int, whole: Effect) -> bool:
    """Cut the connection after one statement of a change, and check what is left; False if it has fewer statements."""
    run = KINDS[kind]
    before = prepare(sample)
    failure: ApiSetupError | None = None
    with sample.office() as office, after_statement(number, cut_connection(sample)) as fault:
        try:
            run(office)
        except ApiSetupError as error:
            failure = error
    if not fault.triggered:
        assert failure is None
        return False
    after = sample.all_rows()
    assert_no_change_without_its_audit_rows(kind, before, after)
    assert effect(before, after) in (whole, set()), "half a change"
    if failure is None:
        assert effect(before, after) == whole
    else:
        assert_failure_is_true(sample, kind, failure, before, after)
    assert_can_be_done_now(sample, kind, run, before)
    return True


def kill_after(driver: KillDriver, sample: SamplePractice, kind: str, number: int) -> bool:
    """Kill the process after one statement of a change, and check what is left; False if it has fewer statements."""
    before = prepare(sample)
    if not driver.kill_change(sample, kind, number):
        return False
    assert_no_change_without_its_audit_rows(kind, before, sample.all_rows())
    assert_can_be_done_now(sample, kind, KINDS[kind], before)
    return True


def on_engines(*telling: str) -> pytest.MarkDecorator:
    """Parametrize a test by engine; on all but these ones it is `thorough`."""
    engines = [*telling, *(each for each in ENGINES if each not in telling)]
    # All tests of one engine run in one process, because they share the plan.
    cases = [pytest.param(each, marks=pytest.mark.xdist_group(f"faults on {each}")) for each in engines]
    return first_of(len(telling), "engine_sample", cases, indirect=True)


of_each_kind = pytest.mark.parametrize("kind", KINDS)


@on_engines("24.3 InnoDB")
@of_each_kind
def test_the_connection_cut_after_each_kind_of_statement(
    engine_sample: SamplePractice, kind: str, fault_plan: FaultPlan
) -> None:
    skip_if_impossible(engine_sample, kind)
    for number in fault_plan.numbers[kind]:
        assert cut_after(engine_sample, kind, number, fault_plan.effects[kind])


@on_engines("24.3 MyISAM", FILE)
@of_each_kind
def test_the_process_killed_after_each_kind_of_statement(
    engine_sample: SamplePractice, kind: str, fault_plan: FaultPlan, kill_driver: KillDriver
) -> None:
    skip_if_impossible(engine_sample, kind)
    for number in fault_plan.numbers[kind]:
        assert kill_after(kill_driver, engine_sample, kind, number)


@pytest.mark.faults
@of_each_kind
def test_the_connection_cut_after_every_statement(sample: SamplePractice, kind: str) -> None:
    skip_if_impossible(sample, kind)
    _, whole = run_without_fault(sample, kind)
    cuts = next(number for number in count(1) if not cut_after(sample, kind, number, whole)) - 1
    assert cuts >= 1


@pytest.mark.faults
@of_each_kind
def test_the_process_killed_after_every_statement(sample: SamplePractice, kind: str, kill_driver: KillDriver) -> None:
    skip_if_impossible(sample, kind)
    kills = next(number for number in count(1) if not kill_after(kill_driver, sample, kind, number)) - 1
    assert kills >= 1
