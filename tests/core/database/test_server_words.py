"""Messages of servers are shown as completely as they can be without values, which may be patient data."""

from __future__ import annotations

import pytest

from core.base.errors import ApiSetupError, NotPermitted, StatementStopped
from core.database.server_errors import server_error
from core.database.server_words import MAX_LENGTH, presentable


@pytest.mark.parametrize(
    ("code", "message", "shown"),
    [
        (1062, "Duplicate entry 'Doe, John' for key 'PRIMARY'", "Duplicate entry '…' for key 'PRIMARY'"),
        (
            1062,
            "Duplicate entry 'O'Brien' for key 'preference.PRIMARY'",
            "Duplicate entry '…' for key 'preference.PRIMARY'",
        ),
        (1062, "Duplicate entry 'O'Brien, for ke", "Duplicate entry '…'"),
        (
            1366,
            r"Incorrect string value: '\xF0\x9F\x98' for column `od`.`patient`.`LName` at row 1",
            "Incorrect string value: '…' for column `od`.`patient`.`LName` at row 1",
        ),
        (
            1366,
            "Incorrect integer value: 'Jane' for column 'PatNum' at row 3",
            "Incorrect integer value: '…' for column 'PatNum' at row 3",
        ),
        (1292, "Incorrect datetime value: '1980-02-30'", "Incorrect datetime value: '…'"),
        (1292, 'Truncated incorrect DOUBLE value: "Doe"', "Truncated incorrect DOUBLE value: '…'"),
        (1064, "You have an error near 'VALUES ('Jane', 'Doe')' at line 1", "You have an error near '…'"),
        (1644, "Patient Jane Doe has no consent", "…"),
        (1406, "Data too long for column 'LogText' at row 1", "Data too long for column 'LogText' at row 1"),
        (
            1142,
            "UPDATE command denied to user 'u'@'h' for table `d`.`program`",
            "UPDATE command denied to user 'u'@'h' for table `d`.`program`",
        ),
        (
            1205,
            "Lock wait timeout exceeded; try restarting transaction",
            "Lock wait timeout exceeded; try restarting transaction",
        ),
        (4242, "Unheard of: 'Jane', \"Doe\"", "Unheard of: '…'"),
        (4242, "No quotes here.", "No quotes here"),
    ],
)
def test_values_are_replaced_and_names_are_kept(code: int, message: str, shown: str) -> None:
    assert presentable(code, message, connecting=False) == shown


def test_a_message_before_the_first_statement_has_no_values() -> None:
    message = "Plugin 'x' for 'u'@'h' isn't loaded"
    assert presentable(4242, message, connecting=True) == message


def test_a_message_that_nobody_reads_is_shortened() -> None:
    assert len(presentable(4242, "x" * 100_000, connecting=True)) == MAX_LENGTH + 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (1290, "The MariaDB server is running with the --read-only option so it cannot execute this statement"),
        (1290, "The MySQL server is running with the --super-read-only option so it cannot execute this statement"),
        (1792, "Cannot execute statement in a READ ONLY transaction"),
        (1836, "Running in read-only mode"),
        (1036, "Table 'securitylog' is read only"),
        (1874, "InnoDB is in read only mode"),
    ],
)
def test_a_read_only_server_is_not_blamed_on_the_database_user(code: int, message: str) -> None:
    error = server_error(code, message, connecting=False)
    assert isinstance(error, NotPermitted)
    assert error.sentence == f"The server is read-only, as a replica is. The server says: {message} ({code})."
    assert "user" not in error.sentence


def test_another_option_of_the_server_is_quoted() -> None:
    message = "The MySQL server is running with the --skip-grant-tables option so it cannot execute this statement"
    error = server_error(1290, message, connecting=False)
    assert isinstance(error, NotPermitted)
    assert "--skip-grant-tables" in error.sentence


@pytest.mark.parametrize(
    ("code", "message", "means"),
    [
        (
            3024,
            "Query execution was interrupted, maximum statement execution time exceeded",
            "took too long",
        ),
        (1969, "Query execution was interrupted (max_statement_time exceeded)", "took too long"),
        (1317, "Query execution was interrupted", "A statement was stopped"),
    ],
)
def test_a_statement_that_was_stopped_is_no_lost_connection(code: int, message: str, means: str) -> None:
    error = server_error(code, message, connecting=False)
    assert isinstance(error, StatementStopped)
    assert means in error.sentence


@pytest.mark.parametrize("message", ["", "Duplicate entry 's3cret' for key 1"])
def test_an_error_that_is_not_known_is_quoted_with_its_number(message: str) -> None:
    error: ApiSetupError = server_error(1062, message, connecting=False)
    assert "s3cret" not in str(error)
    assert "1062" in error.sentence
