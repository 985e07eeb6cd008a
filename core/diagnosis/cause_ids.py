"""The stable identifiers of all causes, which programs may rely on."""

from __future__ import annotations

NO_PROGRAM = "no-api-program"
SWITCHED_OFF = "api-switched-off"
OFF_AT_HEADQUARTERS = "api-off-at-headquarters"
REGISTRATION_KEY = "registration-key"
NOT_ASSIGNED = "key-not-assigned"
KEY_DISABLED = "key-disabled"
READ_ONLY = "key-read-only"
NO_PERMISSION = "permission-missing"
COPY_OUTDATED = "copy-outdated"
OLD_VERSION = "version-too-old"
ECONNECTOR = "econnector-not-running"
ECONNECTOR_ERRORS = "econnector-errors"
TWO_ECONNECTORS = "two-econnectors"
CLOCKS = "clocks-differ"
CONNECTIONS = "database-connections"
SERVICE_MISSING = "api-service-not-installed"
SERVICE_SILENT = "api-service-does-not-answer"
WORKSTATION = "workstation-not-running"
PAYMENT_TYPE = "payment-type"
SUBSCRIPTIONS = "subscriptions"
THROTTLED = "requests-limited"
STILL_ACCEPTED = "disabled-key-still-accepted"

EVERYTHING = frozenset({NO_PROGRAM, SWITCHED_OFF, OFF_AT_HEADQUARTERS, REGISTRATION_KEY})
"""The causes that stop every call, whatever the developer sees."""
REMOTE = frozenset({ECONNECTOR, ECONNECTOR_ERRORS, TWO_ECONNECTORS, CLOCKS})
"""The causes that stop remote calls only."""
KEY = frozenset({NOT_ASSIGNED, KEY_DISABLED, READ_ONLY, NO_PERMISSION, COPY_OUTDATED})
"""The causes that are about the key."""
