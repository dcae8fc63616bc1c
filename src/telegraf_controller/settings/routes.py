"""`/api/settings`: what people set while the program runs."""

from __future__ import annotations

from telegraf_controller import clock
from telegraf_controller.access.confirm import confirm_caller
from telegraf_controller.access.require import SIGNED_IN, Caller, GlanceSession, InServices, requires
from telegraf_controller.errors import ValidationFailed
from telegraf_controller.settings import actions, queries
from telegraf_controller.settings.schemas import Endpoints, PublicEndpoints, SettingsPatch, SettingsRecord
from telegraf_controller.web.declared import also
from telegraf_controller.web.routing import Router

router = Router(prefix="/api/settings", tags=["settings"])


@router.get("", **requires("settings:read"))
async def read_settings(by: Caller, session: GlanceSession, services: InServices) -> SettingsRecord:
    """Show the settings."""
    return SettingsRecord.of(
        await queries.read_settings(session),
        locked_open_groups=services.locked_open_groups,
        shows_auth=by.may("auth-settings:read"),
    )


@router.get("/public-endpoints", **requires(SIGNED_IN))
async def read_endpoints(session: GlanceSession, services: InServices) -> Endpoints:
    """Tell under which URLs this instance is reached: whoever writes a command for an agent needs them."""
    public = PublicEndpoints.model_validate((await queries.read_settings(session)).public_endpoints)
    return Endpoints(**public.model_dump(), heartbeat_port=services.heartbeat_port)


@router.patch("", responses=also(423, 429), **requires("settings:write"))
async def change_settings(body: SettingsPatch, by: Caller, services: InServices) -> SettingsRecord:
    """Change settings. Opening or closing endpoint groups is the owner's, and needs the password again (E2)."""
    fixed = services.locked_open_groups
    async with services.database.read() as session:
        stored = await queries.read_settings(session)
    # A page may send all of its fields: only what differs needs the owner.
    change = body.wanted().beyond(stored.open_groups if fixed is None else fixed)
    if change.groups:
        actions.require_may_open(by, locked=fixed is not None)
        if body.password is None:
            raise ValidationFailed([("password", "is needed to change endpointAuth")])
        await confirm_caller(services, by, body.password, action="settings.update")
    async with services.database.write() as session:
        settings = await actions.change_settings(session, by, change, locked=fixed is not None, now=clock.now())
    return SettingsRecord.of(settings, locked_open_groups=fixed, shows_auth=by.may("auth-settings:read"))
