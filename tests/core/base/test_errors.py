"""The chain of causes behind an error."""

from __future__ import annotations

from core.base.errors import cause_chain


def test_the_chain_follows_causes_and_what_was_being_handled() -> None:
    caught: BaseException | None = None
    try:
        try:
            try:
                raise OSError("disk")
            except OSError:
                raise KeyError("context") from None
        except KeyError as error:
            raise ValueError("cause") from error
    except ValueError as error:
        caught = error
    assert [type(each) for each in cause_chain(caught)] == [ValueError, KeyError]
    assert [type(each) for each in cause_chain(caught, suppressed=True)] == [ValueError, KeyError, OSError]


def test_an_error_that_caused_itself_ends_the_chain() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert list(cause_chain(first)) == [first, second]
    first.__cause__ = first
    assert list(cause_chain(first)) == [first]


def test_no_error_has_no_chain() -> None:
    assert list(cause_chain(None)) == []
