"""Several offices: their last answers, and changes in all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Integer, Named, String, Table, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class FleetAnswerColumns(TypedColumns):
    """The last answer of an office that is read along with others. `answer` is that of `core.fleet.answers`."""

    office: Named[str] = Column(String(60), primary_key=True)
    answered_at: Named[datetime] = Column(DateTime)
    answer: Named[dict[str, Any]] = Column(JSON)


FLEET_ANSWER = Table("apisetup_fleet_answer", METADATA, FleetAnswerColumns)


class JoinedNameColumns(TypedColumns):
    """A developer's name, case-folded, that an admin joined with another one."""

    name: Named[str] = Column(String(255), primary_key=True)
    joined_with: Named[str] = Column(String(255))


JOINED_NAME = Table("apisetup_joined_name", METADATA, JoinedNameColumns)


class FleetRunColumns(TypedColumns):
    """A change in several offices, announced before the first of them.

    Attributes:
        receipt: The number of its receipt.
        plan: What is to be done in each office.
        written: The receipt that was written last: `number`, `file`, `text_file`, `sha256`, and `content`, which is the
            whole JSON file; empty for none.
        finished: 1 once it ended as it should, whatever its results.
    """

    receipt: Named[str] = Column(String(20), primary_key=True)
    started_at: Named[datetime] = Column(DateTime)
    plan: Named[dict[str, Any]] = Column(JSON)
    written: Named[dict[str, Any]] = Column(JSON)
    finished: Named[int] = Column(Integer)


FLEET_RUN = Table("apisetup_fleet_run", METADATA, FleetRunColumns)


class FleetResultColumns(TypedColumns):
    """The result of a change in several offices in one of them."""

    receipt: Named[str] = Column(String(20), primary_key=True)
    office: Named[str] = Column(String(60), primary_key=True)
    result: Named[dict[str, Any]] = Column(JSON)


FLEET_RESULT = Table("apisetup_fleet_result", METADATA, FleetResultColumns)


class FleetWriterColumns(TypedColumns):
    """The program that makes a change in several offices now, in a companion on a server.

    Attributes:
        receipt: The number of the change's receipt.
        writer: The program; it holds the lock file of this name while it runs.
        renewed_at: The time of the server's clock (seconds since 1970) at which it last confirmed that it still runs.
    """

    receipt: Named[str] = Column(String(20), primary_key=True)
    writer: Named[str] = Column(String(16))
    renewed_at: Named[int] = Column(NUMBER)


FLEET_WRITER = Table("apisetup_fleet_writer", METADATA, FleetWriterColumns)
