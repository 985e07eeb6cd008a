"""The symptoms that a developer sees, and their meanings."""

from __future__ import annotations

import pytest

from core.diagnosis import cause_ids as ids
from core.diagnosis.symptoms import Way, interpret
from core.model.diagnosis import Symptom


@pytest.mark.parametrize(
    ("typed", "words", "cause_id", "way"),
    [
        ("400 The eConnector is not running.", "can't reach the eConnector", ids.ECONNECTOR, Way.REMOTE),
        ("400 API key has not been assigned", "never added at this office", ids.NOT_ASSIGNED, None),
        ("400: requires version 23.1", "older than the method", ids.OLD_VERSION, None),
        ("400", "Several faults", ids.ECONNECTOR, None),
        ("401", "lacks the permission", ids.NO_PERMISSION, None),
        ("401", "disabled", ids.KEY_DISABLED, None),
        ("invalid credentials", "lacks the permission", ids.KEY_DISABLED, None),
        ("429", "Too many requests", ids.THROTTLED, Way.REMOTE),
        ("504", "within 60 seconds", ids.CONNECTIONS, Way.REMOTE),
        ("the request timed out", "too slowly", ids.CONNECTIONS, None),
        ("refused at http://127.0.0.1:30222/", "port 30222", ids.WORKSTATION, Way.LOCAL),
        ("cannot connect to 10.0.0.5:30223", "port 30223", ids.SERVICE_MISSING, Way.SERVICE),
        ("ECONNREFUSED", "Nothing listens", ids.WORKSTATION, None),
        ("events stopped", "Events don't arrive", ids.SUBSCRIPTIONS, None),
    ],
)
def test_an_answer_is_narrowed_down(typed: str, words: str, cause_id: str, way: Way | None) -> None:
    seen = interpret(Symptom.parse(typed))
    assert words in seen.meaning
    assert seen.explains(cause_id)
    assert seen.way is way


@pytest.mark.parametrize("typed", ["404", "410", "411", "400 Unable to convert request"])
def test_an_answer_that_is_the_developers_matter_is_explained_by_nothing_here(typed: str) -> None:
    seen = interpret(Symptom.parse(typed))
    assert "Nothing in the office causes it." in seen.meaning
    assert not seen.explains(ids.ECONNECTOR)


@pytest.mark.parametrize("typed", ["401", "404", "429", "400 eConnector", "refused at 30222", "events stopped"])
def test_a_switched_off_api_explains_every_answer(typed: str) -> None:
    assert all(interpret(Symptom.parse(typed)).explains(each) for each in ids.EVERYTHING)


@pytest.mark.parametrize(("typed", "words"), [("403", "doesn't document an answer 403"), ("help", "HTTP status")])
def test_an_unknown_answer_says_so_and_rules_nothing_out(typed: str, words: str) -> None:
    seen = interpret(Symptom.parse(typed))
    assert words in seen.meaning
    assert seen.explains(ids.ECONNECTOR)
    assert seen.explains(ids.KEY_DISABLED)


def test_without_a_symptom_everything_may_explain_it() -> None:
    seen = interpret(Symptom())
    assert (seen.meaning, seen.way, seen.explains(ids.WORKSTATION)) == ("", None, True)


def test_a_named_workstation_means_the_local_api() -> None:
    seen = interpret(Symptom(workstation="FRONTDESK-2"))
    assert seen.way is Way.LOCAL
    assert "FRONTDESK-2" in seen.meaning
    assert not seen.explains(ids.ECONNECTOR)


def test_the_words_of_a_request_are_not_taken_for_the_answer() -> None:
    seen = interpret(Symptom.parse("401 POST /api/v1/subscriptions"))
    assert "API answers 401" in seen.meaning
    assert seen.is_write


def test_a_payment_that_fails_may_have_a_wrong_type() -> None:
    assert interpret(Symptom.parse("400 POST /payments")).explains(ids.PAYMENT_TYPE)
    assert not interpret(Symptom.parse("401 GET /patients")).explains(ids.PAYMENT_TYPE)


@pytest.mark.parametrize(
    ("typed", "status", "text"),
    [
        ("401", 401, ""),
        (" 401 ", 401, ""),
        ("HTTP 429: too many", 429, "HTTP 429: too many"),
        ("GET /patients/401", None, "GET /patients/401"),
        ("port 30223", None, "port 30223"),
        ("10.0.0.200 refused", None, "10.0.0.200 refused"),
        ("", None, ""),
    ],
)
def test_a_status_is_found_in_what_was_typed(typed: str, status: int | None, text: str) -> None:
    assert Symptom.parse(typed) == Symptom(status, text)
