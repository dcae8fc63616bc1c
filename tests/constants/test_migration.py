"""What configurations used before there were constants: K1, O5."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Connection, column, insert, select, table
from sqlalchemy.types import BigInteger, Integer, Text

from telegraf_controller.constants.tables import ConstantUse
from telegraf_controller.db import migrate
from telegraf_controller.db.base import Id
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from tests.cast import MONA, VICTOR

BEFORE = "0004"

_times = [column(name, BigInteger) for name in ("created_at", "updated_at", "last_modified")]
_texts = [column(name, Text) for name in ("name", "description", "editor_mode")]
_configs = table("configs", column("id", Id), column("current_version", Integer), *_texts, *_times)
_versions = table(
    "config_versions",
    column("config_id", Id),
    column("version", Integer),
    column("toml", Text),
    column("note", Text),
    column("created_at", BigInteger),
)


def _to_before(connection: Connection) -> None:
    config = migrate._config()
    config.attributes["connection"] = connection
    command.upgrade(config, BEFORE)


async def test_constants_in_texts_of_before_are_noted(database_url: str) -> None:
    """K1, O5: of the versions that are served, outside comments"""
    database = Database(DatabaseTarget.parse(database_url))
    async with database.write() as session:
        await (await session.connection()).run_sync(_to_before)
        for config_id, name in ((MONA.id, "uses"), (VICTOR.id, "no longer")):
            row = {"id": config_id, "current_version": 2, "name": name, "description": "", "editor_mode": "code"}
            times = {"created_at": 0, "updated_at": 0, "last_modified": 0}
            await session.execute(insert(_configs).values(**row, **times))
            for version, toml in enumerate(
                ('a = "::{old}"\n', 'a = "::{a}::{b}::{a}" # ::{c}\n' if name == "uses" else ""), 1
            ):
                text = {"config_id": config_id, "version": version, "toml": toml, "note": "", "created_at": 0}
                await session.execute(insert(_versions).values(**text))
    await migrate.upgrade_async(database_url)
    async with database.read() as session:
        rows = await session.execute(select(ConstantUse.config_id, ConstantUse.name).order_by(ConstantUse.name))
        assert [tuple(row) for row in rows] == [(MONA.id, "a"), (MONA.id, "b")]
    assert await migrate.schema_drift(database) == []
    await database.close()
