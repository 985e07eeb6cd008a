"""Weighing what was read: every certain cause, then the probable ones, then what can't be known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from core.diagnosis import cause_ids as ids
from core.diagnosis.developer_text import write_developer_text
from core.diagnosis.emergency import emergency_exits
from core.diagnosis.facts import Facts, NotRead
from core.diagnosis.key_causes import key_causes
from core.diagnosis.practice_causes import practice_causes
from core.diagnosis.service_causes import service_causes
from core.diagnosis.signs import practice_signs
from core.diagnosis.symptoms import Interpretation, Way, interpret
from core.model.diagnosis import Cause, Certainty, Diagnosis, Symptom, Verdict
from core.opendental.key_status import KeyStatus


def evaluate(facts: Facts, symptom: Symptom) -> Diagnosis:
    """Return the diagnosis for what was read and what the developer saw."""
    seen = interpret(symptom)
    causes = tuple(
        sorted(
            _causes(facts, seen, symptom),
            key=lambda cause: (cause.certainty is not Certainty.CERTAIN, not cause.explains),
        )
    )
    diagnosis = Diagnosis(
        subject=facts.key.wanted if facts.key is not None else facts.practice.title or "this practice",
        at=facts.practice.now,
        verdict=_verdict(facts, seen, causes),
        symptom=symptom,
        meaning=seen.meaning,
        causes=causes,
        signs=practice_signs(facts),
        unknown=tuple(_unknown(facts, seen)),
        emergency=emergency_exits(facts),
        developer_text="",
    )
    return replace(diagnosis, developer_text=write_developer_text(facts, diagnosis))


def _causes(facts: Facts, seen: Interpretation, symptom: Symptom) -> Iterator[Cause]:
    """Yield every certain cause, and the probable ones that can explain what the developer saw."""
    found = chain(practice_causes(facts, seen), key_causes(facts, seen), service_causes(facts, seen, symptom))
    for cause in found:
        explains = seen.explains(cause.id)
        if cause.certainty is Certainty.CERTAIN or explains:
            yield replace(cause, explains=explains)


def _verdict(facts: Facts, seen: Interpretation, causes: tuple[Cause, ...]) -> Verdict:
    if any(cause.certainty is Certainty.CERTAIN for cause in causes):
        return Verdict.CAUSE_FOUND
    return Verdict.INCOMPLETE if any(_essential_gaps(facts, seen)) else Verdict.IN_ORDER


def _essential_gaps(facts: Facts, seen: Interpretation) -> Iterator[str]:
    """Yield what has to be looked at before anybody may say that the office's side is in order, and couldn't be."""
    practice = facts.practice
    if isinstance(practice.registration, NotRead):
        yield f"Registration key: unknown, {practice.registration.reason}."
    if practice.program is not None and isinstance(practice.program.disabled_by_headquarters, NotRead):
        yield (
            "Whether headquarters has switched the API off: unknown,"
            f" {practice.program.disabled_by_headquarters.reason}."
        )
    if isinstance(practice.econnector, NotRead) and seen.way in (None, Way.REMOTE):
        yield f"eConnector: unknown, {practice.econnector.reason}."
    if facts.keys.failure:
        yield f"Statuses and permissions of keys: unknown. {facts.keys.failure}"
    elif facts.key is not None and facts.key.key is not None and facts.key.key.status is KeyStatus.UNKNOWN:
        yield "The key's status: unknown, because the list that is known here has none. Reload it."


def _unknown(facts: Facts, seen: Interpretation) -> Iterator[str]:
    """Yield what can't be known from here."""
    practice = facts.practice
    yield from _essential_gaps(facts, seen)
    for subject, value in (
        ("Alerts of Open Dental", practice.alerts),
        ("Workstations", practice.workstations),
        ("Updates of Open Dental", practice.last_update),
        ("API subscriptions", practice.subscriptions),
    ):
        if isinstance(value, NotRead):
            yield f"{subject}: unknown, {value.reason}."
    if seen.way is None:
        yield "Which way the developer calls: api.opendental.com, a workstation (30222) or the API service (30223)."
    if seen.way in (None, Way.REMOTE):
        yield "Whether headquarters reaches the eConnector over the internet."
    if facts.probe is not None and not facts.probe.host:
        yield "Whether port 30223 answers: it wasn't asked, because the practice names no update server."
    if seen.way in (None, Way.SERVICE) and facts.probe is None:
        yield "Whether the API service runs: it leaves no sign in the database. Its port can be asked on request."
    if seen.method is not None and seen.method.resource == "queries":
        yield "Which database user the eConnector runs queries as (UserLow in its configuration), and what it may read."
    if facts.key is not None:
        yield "Whether the developer uses this key, and not another one of the same name."
    if not facts.keys.is_remote:
        yield "What headquarters knows about the keys: it isn't asked here, the local registry decides."


def find_headline(diagnosis: Diagnosis) -> str:
    """Return a few words about the first certain cause that a screen about something else should show; or nothing.

    An office that has switched the API off isn't told about its services.
    """
    certain = diagnosis.certain
    stops_everything = [cause for cause in certain if cause.id in ids.EVERYTHING]
    if any(cause.id == ids.SWITCHED_OFF for cause in certain):
        certain = tuple(stops_everything)
    return next((cause.headline for cause in certain if cause.headline), "")
