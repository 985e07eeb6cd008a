"""The filter of the list of offices, such as `tag:north api:off developer:clearpay`.

The grammar is the Audit Trail's (`core.filtering.terms`). A word alone is found in the name, the server and the
database of an office.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.filtering.terms import Term, split_terms, unknown_field, unknown_value
from core.filtering.terms import completions as complete_terms
from core.model.fleet import OfficeState, Reach

FIELDS = ("tag", "api", "developer", "state", "changed", "econnector", "version")
EXAMPLE = "Try tag:north api:off developer:clearpay."
_ON_OFF = {"on": True, "off": False}
_STATES: Mapping[str, Callable[[OfficeState], bool]] = {
    "answers": lambda state: state.reach is Reach.ANSWERS,
    "unreachable": lambda state: state.reach in (Reach.NO_ANSWER, Reach.REFUSED, Reach.UNUSABLE),
    "password": lambda state: state.reach is Reach.PROMPTS,
    "signed-in": lambda state: bool(state.signed_in_as),
}


@dataclass(frozen=True)
class ListedOffice:
    """An office with the text in which a word alone is looked for."""

    state: OfficeState
    text: str


Condition = Callable[[ListedOffice], bool]


def parse_office_filter(expression: str) -> Callable[[ListedOffice], bool]:
    """Return the condition of a filter expression.

    Raises:
        FilterError: A term is not valid; of several, the error points at the first one.
    """
    conditions = [_condition(term) for term in split_terms(expression)]
    return lambda office: all(meets(office) for meets in conditions)


def completions(expression: str, states: Iterable[OfficeState]) -> tuple[str, ...]:
    """Return the whole expression once for each possible completion of its last term."""
    listed = tuple(states)
    developers = {key.developer for each in listed if each.answer is not None for key in each.answer.keys}
    values = {
        "tag": tuple(sorted({tag for each in listed for tag in each.tags}, key=str.casefold)),
        "api": tuple(_ON_OFF),
        "developer": tuple(sorted(developers, key=str.casefold)),
        "state": tuple(_STATES),
        "changed": ("yes", "no"),
        "econnector": tuple(sorted({each.answer.econnector for each in listed if each.answer is not None} - {""})),
        "version": tuple(sorted({each.answer.version for each in listed if each.answer is not None})),
    }
    return complete_terms(expression, FIELDS, lambda field: values.get(field, ()))


def _condition(term: Term) -> Condition:
    alternatives = [_alternative(term, value) for value in term.values]
    if term.excluded:
        return lambda office: not any(meets(office) for meets in alternatives)
    return lambda office: any(meets(office) for meets in alternatives)


def _alternative(term: Term, value: str) -> Condition:
    folded = value.casefold()
    if term.field is None:
        return lambda office: folded in office.text.casefold()
    if term.field == "tag":
        return lambda office: any(tag.casefold().startswith(folded) for tag in office.state.tags)
    if term.field == "api":
        return _by_name(term, folded, {name: _api_is(on=on) for name, on in _ON_OFF.items()}, "value")
    if term.field == "state":
        return _by_name(term, folded, {name: _of_state(meets) for name, meets in _STATES.items()}, "state")
    if term.field == "changed":
        answers = {
            "yes": _of_state(lambda state: bool(state.changes)),
            "no": _of_state(lambda state: not state.changes),
        }
        return _by_name(term, folded, answers, "value")
    if term.field == "developer":
        return lambda office: any(folded in name.casefold() for name in _developers(office.state))
    if term.field == "econnector":
        return lambda office: office.state.answer is not None and office.state.answer.econnector.startswith(folded)
    if term.field == "version":
        return lambda office: office.state.answer is not None and office.state.answer.version.startswith(folded)
    raise unknown_field(term, FIELDS)


def _by_name(term: Term, value: str, conditions: Mapping[str, Condition], kind: str) -> Condition:
    matching = [meets for name, meets in conditions.items() if value and name.startswith(value)]
    if len(matching) != 1:
        raise unknown_value(term, value, conditions, kind, f"Use one of {', '.join(conditions)}.")
    return matching[0]


def _of_state(meets: Callable[[OfficeState], bool]) -> Condition:
    return lambda office: meets(office.state)


def _api_is(*, on: bool) -> Condition:
    return lambda office: office.state.answer is not None and office.state.answer.api_on is on


def _developers(state: OfficeState) -> Iterable[str]:
    return () if state.answer is None else (key.developer for key in state.answer.keys)
