"""Makes an instance that was filled in half a minute look as if that had taken weeks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from telegraf_controller.db.base import Instant
from telegraf_controller.db.tables import metadata


@dataclass(frozen=True)
class Stretch:
    """A piece of the past, and between which instants it is said to have been; all in epoch milliseconds."""

    began: int
    ended: int
    said_began: int
    said_ended: int


def age(database: Path, stretches: list[Stretch]) -> None:
    """Move the instants of each stretch to the same place within what is said instead; nobody may use the database.

    Others stay: what expires in the future still does.
    """
    with closing(sqlite3.connect(database)) as connection, connection:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Instant):
                    _move(connection, table.name, column.name, stretches)


def _move(connection: sqlite3.Connection, table: str, column: str, stretches: list[Stretch]) -> None:
    cases, values = "", []
    for one in stretches:
        length, said = one.ended - one.began, one.said_ended - one.said_began
        cases += f" WHEN {column} BETWEEN ? AND ? THEN ? + ({column} - ?) * ? / ?"
        values += [one.began, one.ended, one.said_began, one.began, said, length]
    connection.execute(f"UPDATE {table} SET {column} = CASE{cases} ELSE {column} END", values)
