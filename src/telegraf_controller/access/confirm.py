"""Asking for the password once more, before something that matters."""

from __future__ import annotations

from telegraf_controller.access.identity import Identity
from telegraf_controller.access.services import Services
from telegraf_controller.users.sign_in import confirm_password


async def confirm_caller(services: Services, by: Identity, password: str, *, action: str) -> None:
    """Make sure that it is still the user who asks. A wrong password counts towards the lock-out (U10).

    `action` is what they want to do, for the audit trail. Raises Forbidden `wrong_password`; ControllerError
    `account_locked`, `too_many_attempts`.
    """
    await confirm_password(services.database, services.guard, by, password, action=action)
