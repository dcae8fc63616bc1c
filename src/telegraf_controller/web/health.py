"""Whether this node is alive, ready, the leader; and its version."""

from __future__ import annotations

from fastapi import Response

from telegraf_controller import __version__, clock
from telegraf_controller.access.require import PUBLIC, InServices, requires
from telegraf_controller.db.leases import holds_lease
from telegraf_controller.errors import StorageUnavailable
from telegraf_controller.web.routing import Router
from telegraf_controller.web.schemas import Answer

router = Router(tags=["instance"])


class Status(Answer):
    """This process runs."""

    status: str


class Ready(Answer):
    """Whether requests that need the database can be answered."""

    ready: bool


class Leader(Answer):
    """Whether this node sweeps and cleans."""

    leader: bool


class Version(Answer):
    """Which version runs here."""

    version: str


@router.get("/health/live", **requires(PUBLIC))
async def live() -> Status:
    """Answer as long as the process runs."""
    return Status(status="ok")


@router.get("/health/ready", responses={503: {"model": Ready}}, **requires(PUBLIC))
async def ready(services: InServices, response: Response) -> Ready:
    """Answer 200 when the database can be reached, else 503."""
    try:
        await services.generations.current()
    except StorageUnavailable:
        response.status_code = 503
        return Ready(ready=False)
    return Ready(ready=True)


@router.get("/health/leader", responses={503: {"model": Leader}}, **requires(PUBLIC))
async def leader(services: InServices, response: Response) -> Leader:
    """Answer 200 on the node that leads, else 503."""
    try:
        async with services.database.glance() as session:
            leads = await holds_lease(session, "leader", services.node_id, clock.now())
    except StorageUnavailable:
        leads = False
    response.status_code = 200 if leads else 503
    return Leader(leader=leads)


@router.get("/api/version", **requires(PUBLIC))
async def version() -> Version:
    """Tell the version."""
    return Version(version=__version__)
