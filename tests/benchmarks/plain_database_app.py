"""The plain program, with the rows of its table from a database: the least that a program with SQLAlchemy takes.

As in API Setup, SQLAlchemy is imported in a thread after the first picture, and no garbage is collected meanwhile.
There is one table with the rows, no practice, no audit entry and no status of a key.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from textual import events, work
from textual.widgets import DataTable

from tests.benchmarks.plain_app import COLUMNS, PlainApp, rows

if TYPE_CHECKING:
    from collections.abc import Sequence


class PlainDatabaseApp(PlainApp):
    """The plain program with a database in memory."""

    def on_mount(self, event: events.Mount) -> None:
        """Show the columns, and read the rows once the first picture is there."""
        # Textual would call the method of the base class as well.
        event.prevent_default()
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        table.focus()
        self.call_after_refresh(self.read_rows)

    @work(thread=True)
    def read_rows(self) -> None:
        """Write the rows to a new database, and read them from it."""
        from sqlalchemy import Column, MetaData, StaticPool, Table, Text, create_engine, insert, select

        engine = create_engine("sqlite://", poolclass=StaticPool)
        keys = Table("keys", MetaData(), *(Column(name, Text) for name in COLUMNS))
        with engine.begin() as connection:
            keys.create(connection)
            connection.execute(insert(keys), [dict(zip(COLUMNS, row, strict=True)) for row in rows()])
            found = [tuple(row) for row in connection.execute(select(keys))]
        self.call_from_thread(self.show_rows, found)

    def show_rows(self, found: Sequence[tuple[str, ...]]) -> None:
        """Show the rows."""
        self.query_one(DataTable).add_rows(found)


if __name__ == "__main__":
    gc.disable()
    PlainDatabaseApp().run(mouse=False)
