"""The number of the last request to headquarters. Its row is also what a companion on a server is locked by."""

from __future__ import annotations

from sqlalchemy import Column, Named, Table, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class QuestionColumns(TypedColumns):
    """The number of the last request to headquarters by any program that shares this database, in one row."""

    number: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)


QUESTION = Table("apisetup_question", METADATA, QuestionColumns)
