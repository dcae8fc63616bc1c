"""Every table of the program, gathered so that migrations and the drift check see the whole schema."""

from telegraf_controller.agents import tables as agents
from telegraf_controller.aliases import tables as aliases
from telegraf_controller.audit import tables as audit
from telegraf_controller.configs import tables as configs
from telegraf_controller.constants import tables as constants
from telegraf_controller.db import generations, leases
from telegraf_controller.db.base import Base
from telegraf_controller.groups import tables as groups
from telegraf_controller.heartbeats import tables as heartbeats
from telegraf_controller.labels import tables as labels
from telegraf_controller.reporting import tables as reporting
from telegraf_controller.settings import tables as settings
from telegraf_controller.tokens import tables as tokens
from telegraf_controller.users import tables as users

__all__ = [
    "agents",
    "aliases",
    "audit",
    "configs",
    "constants",
    "generations",
    "groups",
    "heartbeats",
    "labels",
    "leases",
    "metadata",
    "reporting",
    "settings",
    "tokens",
    "users",
]

metadata = Base.metadata
