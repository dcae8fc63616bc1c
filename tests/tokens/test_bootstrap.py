"""The owner's token from the options (T14), and the owner (U1, U2)."""

from __future__ import annotations

from sqlalchemy import delete, select

from telegraf_controller import clock
from telegraf_controller.db.engine import Database
from telegraf_controller.permissions import PERMISSIONS
from telegraf_controller.tokens.bootstrap import Outcome, provision_owner_token
from telegraf_controller.tokens.tables import Token
from tests.cast import AGENT_TOKEN, cast_users, token_value

FIRST = token_value("first")
SECOND = token_value("second")


async def provision(database: Database, value: str) -> Outcome:
    async with database.write() as session:
        return await provision_owner_token(session, value, now=clock.now())


async def bootstrap_tokens(database: Database) -> dict[str, str]:
    async with database.read() as session:
        tokens = await session.scalars(select(Token).where(Token.source == "bootstrap"))
        return {token.name: token.status for token in tokens}


async def test_the_value_is_provisioned_for_the_owner_with_every_permission(database: Database) -> None:
    """T14"""
    await cast_users(database)
    assert await provision(database, FIRST) == "created"
    async with database.read() as session:
        token = await session.scalar(select(Token).where(Token.name == "bootstrap-token"))
    assert token is not None
    assert (token.permissions, token.expires_at, token.hint) == (list(PERMISSIONS), None, FIRST[-4:])


async def test_the_same_value_again_changes_nothing_and_a_new_one_replaces_it(database: Database) -> None:
    """T14"""
    await cast_users(database)
    outcomes = [await provision(database, value) for value in (FIRST, FIRST, SECOND, SECOND)]
    assert outcomes == ["created", "unchanged", "replaced", "unchanged"]
    assert await bootstrap_tokens(database) == {"bootstrap-token": "revoked", "bootstrap-token-2": "active"}


async def test_revoked_by_hand_stays_revoked_and_deleted_by_hand_comes_back(database: Database) -> None:
    """T14"""
    await cast_users(database)
    await provision(database, FIRST)
    async with database.write() as session:
        token = await session.scalar(select(Token).where(Token.source == "bootstrap"))
        assert token is not None
        token.status = "revoked"
    assert await provision(database, FIRST) == "revoked"
    assert await bootstrap_tokens(database) == {"bootstrap-token": "revoked"}
    async with database.write() as session:
        await session.execute(delete(Token).where(Token.source == "bootstrap"))
    assert await provision(database, FIRST) == "created"


async def test_what_cannot_be_provisioned_changes_nothing(database: Database) -> None:
    """T14"""
    assert await provision(database, FIRST) == "no-owner"
    await cast_users(database)
    assert await provision(database, "hunter2") == "malformed"
    assert await provision(database, AGENT_TOKEN) == "taken"
    assert await bootstrap_tokens(database) == {}
