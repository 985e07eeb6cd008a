"""The embedded practice: an SQLite file of Open Dental's shape, made on the first start."""

from __future__ import annotations

from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session

from core.base.errors import NotAPractice
from core.database.engines import translate_errors
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
    """Make the tables and first rows in an empty file, all in one transaction; leave any other file as it is.

    The practice has the API off, no subscription interval, and one user with Setup and Audit Trail, whose password is
    blank: the operating-system account is the sign-in.

    Returns:
        Whether the practice was made now.

    Raises:
        NotAPractice: The file holds something else.
    """
    with translate_errors():
        with engine.connect() as plain:
            found = inspect(plain.execution_options(read_only=True)).get_table_names()
        if "preference" in found:
            return False
        if found:
            raise NotAPractice(
                "This SQLite file holds something else than a practice.", "Name another file; nothing was changed."
            )
        with Session(engine) as session, session.begin():
            # Two first starts at once: the second waited for the lock, and finds the practice made.
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
