"""What start-up does in the database before any process runs: schema, settings, owner, token (O5, E3, U1, U2, T14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog
from pydantic import SecretStr

from telegraf_controller import clock
from telegraf_controller.db.engine import Database
from telegraf_controller.db.leases import acquire_lease
from telegraf_controller.db.migrate import upgrade_async
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.options import Options
from telegraf_controller.processes.leadership import LEASE, provision_token
from telegraf_controller.settings.queries import Complexity, LoginSecurity, Settings, read_settings
from telegraf_controller.settings.seed import seed_settings
from telegraf_controller.users.bootstrap import (
    BootstrapError,
    OwnerOptions,
    check_owner_options,
    ensure_owner,
    prompt_for_owner,
    reset_owner_password,
)
from telegraf_controller.users.setup import issue_setup_code

log = structlog.get_logger(__name__)

Ask = Callable[[str, bool], str]
"""Shows a question, hides what is typed when told to, and returns it."""


OwnerOutcome = Literal["exists", "created", "promoted", "missing"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was found and made."""

    owner: OwnerOutcome
    setup_code: str | None
    """What the set-up page asks for while there is no owner (U1)."""
    open_groups: frozenset[str]
    """Endpoint groups that need no credentials (E1, E3)."""
    token_provisioned: bool
    """False when another node leads, or seemed to: then it is for the scheduler that leads."""


async def prepare(options: Options, target: DatabaseTarget, ask: Ask | None) -> Prepared:
    """Migrate, then make what the options ask for. `ask` is None when nobody is there to answer.

    Raises SchemaTooNew, StorageUnavailable, OSError, BootstrapError.
    """
    await upgrade_async(target)
    database = Database(target, pool_size=1)
    try:
        settings = await _settings(database, options)
        complexity = settings.login_security.password_complexity
        owner = await _owner(database, options, complexity, ask)
        if options.reset_owner_password:
            await _reset_password(database, options, complexity)
        code = await _setup_code(database) if owner == "missing" else None
        locked = frozenset(options.disable_auth_endpoints) if options.lock_auth_endpoints else None
        open_groups = settings.open_groups if locked is None else locked
        return Prepared(owner, code, open_groups, await _token(database, options))
    finally:
        await database.close()


async def _settings(database: Database, options: Options) -> Settings:
    """Store what the options say on the first start, and return what holds now (E3)."""
    security = LoginSecurity(options.login_lockout_attempts, options.login_lockout_minutes, options.password_complexity)
    async with database.write() as session:
        await seed_settings(
            session, login_security=security, open_groups=options.disable_auth_endpoints, now=clock.now()
        )
        return await read_settings(session)


async def _owner(database: Database, options: Options, complexity: Complexity, ask: Ask | None) -> OwnerOutcome:
    given = OwnerOptions(options.owner_username, options.owner_email, _revealed(options.owner_password))
    async with database.write() as session:
        outcome = await ensure_owner(session, OwnerOptions(), complexity=complexity, now=clock.now())
        if outcome == "exists":
            return outcome
        # Only now: once there is an owner, OWNER_PASSWORD may stand there alone for a reset (U2).
        check_owner_options(given, complexity)
        outcome = await ensure_owner(session, given, complexity=complexity, now=clock.now())
    if outcome == "missing" and ask is not None:
        # Outside of a transaction: people take their time.
        typed = prompt_for_owner(ask, complexity)
        async with database.write() as session:
            outcome = await ensure_owner(session, typed, complexity=complexity, now=clock.now())
    return outcome


async def _reset_password(database: Database, options: Options, complexity: Complexity) -> None:
    password = _revealed(options.owner_password)
    if password is None:
        raise BootstrapError("RESET_OWNER_PASSWORD needs the new password in OWNER_PASSWORD.")
    async with database.write() as session:
        done = await reset_owner_password(session, password, complexity=complexity, now=clock.now())
    if done:
        log.warning("the owner's password was reset; unset RESET_OWNER_PASSWORD now")


async def _setup_code(database: Database) -> str:
    async with database.write() as session:
        return await issue_setup_code(session, clock.now())


async def _token(database: Database, options: Options) -> bool:
    now = clock.now()
    async with database.write() as session:
        # The scheduler of this node renews the lease under the same name.
        leads = await acquire_lease(session, LEASE, options.node_id, now)
    if leads:
        await provision_token(database, options, now)
    return leads


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
