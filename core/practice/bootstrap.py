"""The embedded practice: an SQLite file with Open Dental's tables, created on the first start."""

from __future__ import annotations

from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session

from core.base.errors import NotAPractice
from core.database.driver_errors import translate_errors
from core.opendental.permission_types import Permission
from core.opendental.schema import (
    Definition,
    GroupPermission,
    OpenDental,
    Preference,
    Program,
    ProgramProperty,
    UserGroupAttach,
    UserOd,
)

VERSION = "24.3.10.0"
TITLE = "Embedded practice"
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
            tables = inspect(connection).get_table_names()
        if "preference" in tables:
            return False
        if tables:
            raise NotAPractice("This SQLite file isn't a practice database.", "Name another file; nothing was changed.")
        with Session(engine) as session, session.begin():
            # If two programs start for the first time at once, the second one waits for the lock and then finds the
            # practice created.
            if inspect(session.connection()).has_table("preference"):
                return False
            OpenDental.metadata.create_all(session.connection())
            session.add_all(_first_rows(user_name, title))
    return True


def _first_rows(user_name: str, title: str) -> list[OpenDental]:
    preferences = (("DataBaseVersion", VERSION), ("PracticeTitle", title), ("ApiPaymentType", "1"))
    properties = ("SubscriptionProcessingFrequency", "SubscriptionsLastProcessed")
    return [
        *(Preference(pref_name=name, value_string=value) for name, value in preferences),
        Program(program_num=1, prog_name="FHIR", enabled=0),
        *(ProgramProperty(program_num=1, property_desc=name, property_value="") for name in properties),
        *(
            Definition(def_num=number, category=10, item_order=number - 1, item_name=name, is_hidden=0)
            for number, name in enumerate(PAYMENT_TYPES, start=1)
        ),
        UserOd(user_num=1, user_name=user_name, is_hidden=0, failed_attempts=0),
        UserGroupAttach(user_num=1, user_group_num=1),
        *(
            GroupPermission(user_group_num=1, perm_type=int(permission), f_key=0)
            for permission in (Permission.SETUP, Permission.AUDIT_TRAIL)
        ),
    ]
