"""Checks of the authority over the API keys, and of the connection to headquarters."""

from __future__ import annotations

from core.base.errors import HeadquartersError, HeadquartersStep
from core.base.plural import count_of
from core.check.result import CheckResult, CheckResults, CheckStatus, not_checked
from core.headquarters.account import read_account
from core.headquarters.client import HeadquartersClient
from core.headquarters.responses import HeadquartersList
from core.keys.practice_copy import copied_keys, has_copy
from core.model.authority_name import AuthorityName
from core.offices.open_request import OpenRequest
from core.practice.practice import Practice

_SENTENCES = {
    HeadquartersStep.ADDRESS: "The address is valid.",
    HeadquartersStep.NAME: "The host name resolves.",
    HeadquartersStep.CONNECTION: "The connection succeeds.",
    HeadquartersStep.TLS: "The connection is encrypted and verified.",
    HeadquartersStep.ANSWER: "Headquarters responds.",
    HeadquartersStep.CREDENTIALS: "Headquarters accepts the practice's registration key.",
}
"""The sentences for steps that succeeded."""


def check_authority(practice: Practice, request: OpenRequest) -> CheckResults:
    """Report the authority over a practice's API keys. If it is headquarters, request its list of keys."""
    if request.authority is AuthorityName.LOCAL:
        yield _local_registry(on_server=request.on_server)
        return
    yield CheckResult("authority", CheckStatus.OK, "Open Dental's headquarters manages the keys.")
    account = read_account(practice, request.context.runtime.computer, request.office.headquarters_url)
    try:
        listed = HeadquartersClient(account.address).list(account.credentials)
    except HeadquartersError as error:
        yield from _results_of_failure(error)
        return
    yield from map(_success, HeadquartersStep)
    yield from _check_list(practice, listed)


def _local_registry(*, on_server: bool) -> CheckResult:
    if not on_server:
        return CheckResult("authority", CheckStatus.OK, "The local registry manages the keys.")
    return CheckResult(
        "authority",
        CheckStatus.WARNING,
        "A registry on this computer manages the keys, and Open Dental's headquarters isn't contacted: a key that"
        " is disabled here still works for its developer.",
        "Leave out --authority local, or authority in the office's settings.",
    )


def _results_of_failure(error: HeadquartersError) -> CheckResults:
    """Yield a result for every step: those before the failed one succeeded, those after it were not checked."""
    steps = list(HeadquartersStep)
    # A missing registration key is noticed before anything is sent, so then no step has succeeded.
    nothing_tried = error.step is HeadquartersStep.CREDENTIALS and not error.sent
    succeeded = [] if nothing_tried else steps[: steps.index(error.step)]
    yield from map(_success, succeeded)
    yield CheckResult(_id(error.step), CheckStatus.WARNING, error.sentence, error.hint)
    for step in steps:
        if step not in succeeded and step is not error.step:
            yield not_checked(_id(step))


def _success(step: HeadquartersStep) -> CheckResult:
    return CheckResult(_id(step), CheckStatus.OK, _SENTENCES[step])


def _id(step: HeadquartersStep) -> str:
    return f"headquarters-{step.value.lower().replace(' ', '-')}"


def _check_list(practice: Practice, listed: HeadquartersList) -> CheckResults:
    enabled = sum(each.status.enabled for each in listed.keys)
    yield CheckResult(
        "headquarters-keys",
        CheckStatus.OK,
        f"Headquarters lists {count_of(len(listed.keys), 'key')}, {enabled} of them enabled.",
    )
    if listed.notes:
        yield CheckResult("headquarters-list", CheckStatus.NOTE, " ".join(listed.notes))
    keys = {each.key.reveal() for each in listed.keys if not each.unusable}
    unusable = {each.key.reveal() for each in listed.keys if each.unusable}
    same = not has_copy(practice) or set(copied_keys(practice)) - unusable == keys
    yield CheckResult(
        "headquarters-copy",
        CheckStatus.OK if same else CheckStatus.NOTE,
        "The practice's copy has the same keys."
        if same
        else "The practice's copy has different keys. It is synchronized when the practice is opened.",
    )
