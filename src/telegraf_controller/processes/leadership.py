"""What only the leader does and start-up does, too, when it can be sure of leading."""

from __future__ import annotations

from datetime import datetime

import structlog

from telegraf_controller.db.engine import Database
from telegraf_controller.options import Options
from telegraf_controller.tokens.bootstrap import WARNINGS, provision_owner_token

log = structlog.get_logger(__name__)

LEASE = "leader"


async def provision_token(database: Database, options: Options, now: datetime) -> None:
    """Give the owner the token that the options name, if they name one; for the leader only (T14)."""
    if options.owner_token is None:
        return
    async with database.write() as session:
        outcome = await provision_owner_token(session, options.owner_token.get_secret_value(), now=now)
    if outcome in WARNINGS:
        log.warning(WARNINGS[outcome])
    elif outcome != "unchanged":
        log.info("owner token provisioned", outcome=outcome)
