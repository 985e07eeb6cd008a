"""The methods of Open Dental's API: the permission that each one needs, and the version that brought it.

Permissions are those of Open Dental's page *API Permissions* (November 2025), versions those of its pages about each
resource. A method that isn't named here and doesn't read belongs to the permission AllOthers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ENTERPRISE = "ApiEnterprise"
READ_ALL = "ApiReadAll"
ALL_OTHERS = "ApiAllOthers"
QUERIES = "ApiQueries"

_READS = ("GET",)
_WRITES = ("POST", "PUT", "DELETE")


@dataclass(frozen=True)
class ApiMethod:
    """A method that a developer called, such as `PUT appointments Confirm`."""

    verb: str
    resource: str
    """In lower case, as in the address."""
    action: str = ""
    """The word after the resource and its number, in lower case; empty for most methods."""

    @property
    def reads(self) -> bool:
        """True if the method reads and leaves nothing behind."""
        return self.verb == "GET"

    def __str__(self) -> str:
        return " ".join(filter(None, (self.verb, self.resource, self.action)))


@dataclass(frozen=True)
class _Rule:
    """The permissions for some methods of some resources.

    Args:
        permissions: Any of them is enough.
        resources: The resources.
        verbs: The verbs.
        actions: The actions; empty for all.
    """

    permissions: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...] = _WRITES
    actions: tuple[str, ...] = ()

    def covers(self, method: ApiMethod) -> bool:
        """Return True if the rule is about a method."""
        return (
            method.resource in self.resources
            and method.verb in self.verbs
            and (not self.actions or method.action in self.actions)
        )


# The first rule that covers a method counts, so the special ones come first.
_RULES = (
    _Rule((QUERIES,), ("queries",), (*_READS, *_WRITES)),
    _Rule((READ_ALL,), ("subscriptions",), ("GET", "POST", "PUT")),
    _Rule(("ApiComm",), ("appointments",), ("PUT",), ("break", "confirm", "note")),
    _Rule(("ApiComm",), ("apptfields",), ("PUT",)),
    _Rule(("ApiComm",), ("commlogs",), ("POST",)),
    _Rule(("ApiComm",), ("popups",)),
    _Rule(("ApiComm",), ("recalls",), ("PUT",), ("status",)),
    _Rule(("ApiDocuments",), ("documents",), ("POST",), ("upload",)),
    _Rule(("ApiAppointments",), ("appointments",)),
    # InsuranceSimple came in 25.1. Before, and for keys that have the larger permission, it's Insurance.
    _Rule(("ApiInsuranceSimple", "ApiInsurance"), ("claimprocs",), ("PUT", "POST"), ("insadjust",)),
    _Rule(("ApiInsuranceSimple", "ApiInsurance"), ("inssubs", "patplans", "insverifies")),
    _Rule(("ApiInsurance",), ("benefits", "claimpayments", "claims", "claimprocs", "insplans")),
    _Rule(("ApiPatients",), ("patients",), ("POST", "PUT")),
    _Rule(("ApiPayments",), ("payments",)),
    _Rule(("ApiPayPlans",), ("payplans",)),
    _Rule((ALL_OTHERS, "ApiProcedureLogs"), ("procedurelogs",), ("POST", "PUT"), ("groupnote", "groupnotes")),
    _Rule(("ApiProcedureLogs",), ("procedurelogs",)),
    _Rule(("ApiSetup",), ("clinics", "providers")),
    _Rule(("ApiSetup",), ("definitions",), ("POST",)),
    _Rule(("ApiSetup",), ("userods",), ("POST", "PUT")),
    _Rule(("ApiTextingASAP", ALL_OTHERS), ("asapcomms",)),
)

_SINCE = {
    ("GET", "securitylogs"): (23, 1, 33),
    ("POST", "definitions"): (22, 1),
    **{(verb, "subscriptions"): (22, 1, 1) for verb in (*_READS, *_WRITES)},
}
"""The first version with a method, where Open Dental documents it."""

# A method and an address as developers write them: `PUT /appointments/123/Confirm`, `GET https://…/api/v1/patients`.
_METHOD = re.compile(
    r"\b(GET|POST|PUT|DELETE)\s+(?:https?://[^\s/]+)?/?(?:api/v1/)?([a-z]+)\b(?:/\d+)?(?:[/ ]([a-z]+)\b)?",
    re.IGNORECASE,
)


def find_method(text: str) -> ApiMethod | None:
    """Return the first method that a text names, such as `PUT /appointments/123/Confirm`; None if it names none."""
    found = _METHOD.search(text)
    if found is None:
        return None
    verb, resource, action = found[1].upper(), found[2].lower(), (found[3] or "").lower()
    # In prose a word that follows is no action: only those that the rules know count.
    known = {each for rule in _RULES for each in rule.actions}
    return ApiMethod(verb, resource, action if action in known or found[0].endswith(f"/{found[3]}") else "")


def text_without_method(text: str) -> str:
    """Return a text without the resource and action of the method in it, so that these aren't taken for words."""
    found = _METHOD.search(text)
    return text if found is None else f"{text[: found.start(2)]}{text[found.end() :]}"


def permissions_for(method: ApiMethod) -> tuple[str, ...]:
    """Return the permissions for a method; any of them is enough."""
    rule = next((rule for rule in _RULES if rule.covers(method)), None)
    if rule is not None:
        return rule.permissions
    return (READ_ALL,) if method.reads else (ALL_OTHERS,)


def added_in(method: ApiMethod) -> tuple[int, ...]:
    """Return the first version of Open Dental that has a method; empty if that isn't documented."""
    return _SINCE.get((method.verb, method.resource), ())


def requests_per_second(permissions: frozenset[str]) -> float | None:
    """Return how many remote requests headquarters accepts per second for a key; None if its permissions aren't known.

    Requests of the local API and of the API service aren't limited.
    """
    if not permissions:
        return None
    if ENTERPRISE in permissions:
        return 2.0
    return 0.2 if permissions == {READ_ALL} else 1.0
