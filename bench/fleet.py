"""What is served in a measurement: configurations, groups and constants, and the URLs of a fleet."""

from __future__ import annotations

from dataclasses import dataclass

from bench.programs import Controller
from telegraf_controller.client import ControllerClient

CONFIGS, GROUPS, CONSTANTS = 1000, 200, 500
_MEMBERS = 5
_AGENTS = 20_000
_INPUTS = ("cpu", "mem", "disk", "diskio", "net", "system", "processes", "swap", "kernel", "netstat")


@dataclass(frozen=True)
class Fleet:
    """Paths as agents ask for them."""

    one: list[str]
    """Of one configuration."""
    full: list[str]
    """Of many configurations and groups."""


def make_fleet(server: Controller) -> Fleet:
    """Store everything, and return the URLs of the agents."""
    with ControllerClient(server.url, server.owner_token) as client:
        for number in range(CONSTANTS):
            client.constants.create(f"CONSTANT_{number}", f"https://service-{number}.example.com:8086")
        configs = [client.configs.create(f"Configuration {number}", _toml(number)).id for number in range(CONFIGS)]
        groups = [
            client.groups.create(
                f"Group {number}", [configs[(number * _MEMBERS + i) % CONFIGS] for i in range(_MEMBERS)]
            )
            for number in range(GROUPS)
        ]
    paths = [f"/api/configs/{key}/toml" for key in configs] + [f"/api/config-groups/{g.id}/toml" for g in groups]
    return Fleet(
        [_asked(paths[0], agent) for agent in range(_AGENTS)],
        # A stride without a common factor, so that neighbours ask for different things.
        [_asked(paths[agent * 7919 % len(paths)], agent) for agent in range(_AGENTS)],
    )


def _asked(path: str, agent: int) -> str:
    return f"{path}?agent_id=web-{agent:05}&interval={10 + agent % 20}s"


def _toml(number: int) -> str:
    """A configuration of the common size, with two parameters and some constants of its own."""
    constants = [f"::{{CONSTANT_{(number * 3 + i) % CONSTANTS}}}" for i in range(3)]
    inputs = "".join(
        f'[[inputs.{name}]]\n  ## What this measures is written here.\n  # interval = "30s"\n\n' for name in _INPUTS
    )
    return (
        f'# Configuration {number}\n[global_tags]\n  agent = "&{{agent_id}}"\n  site = "site-{number % 40}"\n\n'
        f'[agent]\n  interval = "&{{interval:10s}}"\n  metric_batch_size = 1000\n  metric_buffer_limit = 10000\n\n'
        f"{inputs}"
        f'[[outputs.influxdb_v2]]\n  urls = ["{constants[0]}"]\n  token = "${{INFLUX_TOKEN}}"\n'
        f'  organization = "{constants[1]}"\n  bucket = "{constants[2]}"\n'
    )
