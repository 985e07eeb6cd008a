"""Failed sign-ins that can't be counted in the practice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, Named, Table, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class SignInFailureColumns(TypedColumns):
    """The failed sign-ins of a user in a row, while they can't be counted in the practice.

    Attributes:
        user_num: The user's number in the practice.
        last_failure: The time of the last one, by the practice's clock.
    """

    user_num: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    failures: Named[int] = Column(NUMBER)
    last_failure: Named[datetime] = Column(DateTime)


SIGN_IN_FAILURE = Table("apisetup_sign_in_failure", METADATA, SignInFailureColumns)
