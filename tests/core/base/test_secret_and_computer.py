"""Secrets, and the computer name in audit entries."""

from __future__ import annotations

import traceback

import pytest

from core.base.computer_name import computer_name
from core.base.errors import ApiSetupError
from core.base.secret import Secret
from core.model.api_key import NewKey


def test_a_secret_prints_as_three_asterisks() -> None:
    secret = Secret("s3cret")
    assert [f"{secret}", str(secret), repr(secret), f"{secret!r}", f"{[secret]}"] == ["***"] * 4 + ["[***]"]
    assert secret.reveal() == "s3cret"
    assert "s3cret" not in repr(NewKey(secret, "Dev"))
    assert not hasattr(secret, "__dict__")


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_a_traceback_does_not_show_a_secret() -> None:
    secret = Secret("s3cret")
    try:
        raise ApiSetupError(f"It failed with {secret}.", "Try again.")
    except ApiSetupError as error:
        printed = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "s3cret" not in printed.replace('Secret("s3cret")', "")
    assert "It failed with ***. Try again." in printed


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "server-1"),
        ({"SSH_CONNECTION": "203.0.113.9 50000 10.0.0.1 22"}, "server-1, 203.0.113.9"),
        ({"SSH_CONNECTION": "fe80::1%eth0 50000 fe80::2 22"}, "server-1, fe80::1%eth0"),
        ({"SSH_CLIENT": "203.0.113.9 50000 22"}, "server-1, 203.0.113.9"),
        ({"SSH_CONNECTION": ""}, "server-1"),
    ],
)
def test_a_computer_name_is_the_host_and_the_ssh_client(environment: dict[str, str], expected: str) -> None:
    assert computer_name("server-1", environment) == expected


def test_a_computer_name_without_a_host() -> None:
    assert computer_name("", {"SSH_CONNECTION": "203.0.113.9 1 2 3"}) == "203.0.113.9"
    assert computer_name("", {}) == ""
