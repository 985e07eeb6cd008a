"""The keys of all offices, as a review of one of them needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing

from core.base.file_status import file_status
from core.fleet.developers import find_developers
from core.fleet.opening import fleet_store
from core.model.fleet import OfficeState
from core.model.review import OtherOffices
from core.offices.config_file import read_configuration
from core.offices.open_request import OpenRequest


def other_offices(states: Iterable[OfficeState], joined: Mapping[str, str]) -> OtherOffices | None:
    """Return in which offices each developer has an enabled key; None if fewer than two offices were read.

    Args:
        states: The offices with their last answers.
        joined: The name that each joined name was joined with, both case-folded.
    """
    known = [state for state in states if state.answer is not None]
    if len(known) < 2:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for developer in find_developers(known, joined):
        enabled = (office for office, keys in developer.keys.items() if any(key.status.enabled for key in keys))
        offices = tuple(sorted(enabled, key=str.casefold))
        found |= {name.casefold(): offices for name in developer.names}
    return OtherOffices(len(known), found)


def read_other_offices(request: OpenRequest) -> OtherOffices | None:
    """Return the last answers of the offices in the configuration file; None for an office that isn't in it.

    Raises:
        ConfigurationError: The file can't be read.
        PracticeUnavailable: The answers can't be read.
    """
    context = request.context
    if not request.office.name or file_status(context.paths.fleet) is None:
        return None
    names = [office.name for office in read_configuration(context.paths.configuration).offices]
    with closing(fleet_store(context)) as store:
        answers, joined = store.answers(), store.joined_names()
    return other_offices([OfficeState(name, answer=answers[name][1]) for name in names if name in answers], joined)
