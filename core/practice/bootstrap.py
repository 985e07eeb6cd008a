"""The embedded practice: an SQLite file with Open Dental's tables, created on the first start."""

from __future__ import annotations

from sqlalchemy import Engine, Table, insert

from core.base.errors import NotAPractice
from core.database.driver_errors import translate_errors
from core.database.table_names import table_names
from core.opendental.permission_types import Permission
from core.opendental.schema import (
    DEFINITION,
    GROUP_PERMISSION,
    OPEN_DENTAL,
    PREFERENCE,
    PROGRAM,
    PROGRAM_PROPERTY,
    USER_GROUP_ATTACH,
    USER_OD,
)

VERSION = "24.3.10.0"
TITLE = "Embedded practice"
DEMO_OFFICE = "Bright Smiles Dental"
DEMO_TITLE = f"{DEMO_OFFICE} (demo)"
PAYMENT_TYPES = ("Check", "Cash", "Credit Card")


def make_practice(engine: Engine, user_name: str, title: str = TITLE) -> bool:
    """Create the tables and first rows of a practice in an empty file, in one transaction.

    The API is off, the subscription interval is blank, and there is one user with the permissions Setup and Audit
    Trail. The user's password is blank, because the operating-system account serves as the sign-in.

    Args:
        engine: The engine of the SQLite file.
        user_name: The name of the user.
        title: The practice title.

    Returns:
        True if the practice was created, False if the file already holds one.

    Raises:
        NotAPractice: The file has tables, but isn't a practice. It's left unchanged.
        PracticeUnavailable: The file can't be used.
    """
    with translate_errors():
        with engine.connect().execution_options(read_only=True) as connection:
            tables = table_names(connection)
        if "preference" in tables:
            return False
        if tables:
            raise NotAPractice("This SQLite file isn't a practice database.", "Name another file; nothing was changed.")
        with engine.begin() as connection:
            # If two programs start for the first time at once, the second one waits for the lock and then finds the
            # practice created.
            if "preference" in table_names(connection):
                return False
            # Imported here, since a practice that exists doesn't need them to be opened.
            from core.opendental.optional_tables import OPTIONAL

            OPEN_DENTAL.create_all(connection)
            OPTIONAL.create_all(connection)
            for table, rows in _first_rows(user_name, title):
                connection.execute(insert(table), rows)
    return True


def _first_rows(user_name: str, title: str) -> tuple[tuple[Table, list[dict[str, object]]], ...]:
    preferences = (("DataBaseVersion", VERSION), ("PracticeTitle", title), ("ApiPaymentType", "1"))
    properties = ("SubscriptionProcessingFrequency", "SubscriptionsLastProcessed")
    return (
        (PREFERENCE, [{"pref_name": name, "value_string": value} for name, value in preferences]),
        (PROGRAM, [{"program_num": 1, "prog_name": "FHIR", "enabled": 0}]),
        (PROGRAM_PROPERTY, [{"program_num": 1, "property_desc": name, "property_value": ""} for name in properties]),
        (
            DEFINITION,
            [
                {"def_num": number, "category": 10, "item_order": number - 1, "item_name": name, "is_hidden": 0}
                for number, name in enumerate(PAYMENT_TYPES, start=1)
            ],
        ),
        (USER_OD, [{"user_num": 1, "user_name": user_name, "is_hidden": 0, "failed_attempts": 0}]),
        (USER_GROUP_ATTACH, [{"user_num": 1, "user_group_num": 1}]),
        (
            GROUP_PERMISSION,
            [
                {"user_group_num": 1, "perm_type": int(permission), "f_key": 0}
                for permission in (Permission.SETUP, Permission.AUDIT_TRAIL)
            ],
        ),
    )
