"""What a small company could keep in its controller: the texts and names that the tour's instance is filled with."""

from __future__ import annotations

from dataclasses import dataclass

from tests.cast import ADAM, ANNA, DORA, MONA, VICTOR, Person

JOINED: tuple[Person, ...] = (ADAM, MONA, VICTOR, DORA)
"""Who has accepted an invite. Olivia is there from the start."""

INVITED: tuple[Person, ...] = (ANNA,)
"""Who has not answered yet; Max follows once everything else has aged."""

LABELS: dict[str, tuple[str, str]] = {
    "production": ("#e03131", "Pages somebody at night"),
    "staging": ("#f08c00", "Looks like production, pages nobody"),
    "databases": ("#1971c2", ""),
    "web": ("#2f9e44", ""),
    "edge": ("#6741d9", "Small machines in branches"),
    "eu-central": ("#0c8599", "Frankfurt"),
    "us-east": ("#c2255c", "Virginia"),
    "payment-card-industry-scope": ("#495057", "Changes need a second pair of eyes"),
}
"""Colour and description by name."""

AGENT_LABELS: dict[str, tuple[str, ...]] = {
    "db": ("production", "databases", "eu-central"),
    "web": ("production", "web"),
    "k8s": ("production", "us-east"),
    "branch": ("edge",),
}
"""Labels of the agents whose names begin so."""

CONSTANTS: dict[str, str] = {
    "influx_url": "https://influxdb.example.com:8086",
    "influx_org": "example",
    "influx_bucket": "telegraf",
    "heartbeat_url": "https://telegraf.example.com:8000/agents/heartbeat",
    "kafka_brokers": "kafka-1.example.com:9092,kafka-2.example.com:9092,kafka-3.example.com:9092",
    "scrape_interval": "15s",
}

_HEARTBEAT = """\
[[outputs.heartbeat]]
  url = "::{heartbeat_url}"
  instance_id = "&{agent_id}"
  token = "${TELEGRAF_CONTROLLER_TOKEN}"
  interval = "1m"
  include = ["hostname", "statistics", "configs", "logs", "status"]
"""

_INFLUX = """\
[[outputs.influxdb_v2]]
  urls = ["::{influx_url}"]
  organization = "::{influx_org}"
  bucket = "&{bucket:telegraf}"
  token = "@{vault:influx_token}"
"""

BASE_VERSIONS: tuple[tuple[str, str], ...] = (
    (
        "",
        f"""\
# What every machine measures. Questions to the platform team.

[agent]
  interval = "10s"
  flush_interval = "10s"

[[inputs.cpu]]

[[inputs.mem]]

{_HEARTBEAT}""",
    ),
    (
        "Measure disks as well",
        f"""\
# What every machine measures. Questions to the platform team.

[agent]
  interval = "10s"
  flush_interval = "10s"

[[inputs.cpu]]

[[inputs.mem]]

[[inputs.disk]]
  ignore_fs = ["tmpfs", "devtmpfs", "overlay"]

{_HEARTBEAT}""",
    ),
    (
        "Ask less often, and spread the load of a full minute",
        f"""\
# What every machine measures. Questions to the platform team.

[agent]
  interval = "::{{scrape_interval}}"
  collection_jitter = "3s"
  flush_interval = "30s"
  flush_jitter = "5s"

[global_tags]
  site = "&{{site:frankfurt}}"

[[inputs.cpu]]
  percpu = false
  totalcpu = true

[[inputs.mem]]

[[inputs.disk]]
  ignore_fs = ["tmpfs", "devtmpfs", "overlay", "squashfs"]

[[inputs.net]]

{_INFLUX}
{_HEARTBEAT}""",
    ),
)
"""Note and text of each version of the configuration that most machines run."""


@dataclass(frozen=True)
class Sample:
    """A configuration: its name, what it measures, who wrote it and how it is called and found."""

    name: str
    description: str
    inputs: str
    author: Person
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    reports: bool = True

    @property
    def toml(self) -> str:
        """The whole text."""
        tail = f"\n{_INFLUX}\n{_HEARTBEAT}" if self.reports else ""
        return f"# {self.description}\n\n{self.inputs}{tail}"


BASE = "Linux base"

SAMPLES: tuple[Sample, ...] = (
    Sample(
        "PostgreSQL",
        "Connections, locks and replication lag of PostgreSQL.",
        '[[inputs.postgresql]]\n  address = "postgres://telegraf@&{db_host:localhost}/postgres?sslmode=verify-full"\n'
        '  ignored_databases = ["template0", "template1"]\n\n[[inputs.procstat]]\n  pattern = "postgres"\n',
        MONA,
        ("postgres",),
        ("production", "databases", "eu-central", "payment-card-industry-scope"),
    ),
    Sample(
        "nginx and its certificates",
        "Requests per second, and how long certificates are valid.",
        '[[inputs.nginx]]\n  urls = ["http://localhost:8080/stub_status"]\n\n[[inputs.x509_cert]]\n'
        '  sources = ["tcp://&{domain}:443"]\n',
        MONA,
        ("web", "nginx-frontends"),
        ("production", "web"),
    ),
    Sample(
        "Kubernetes nodes",
        "Kubelet and container runtime of every node.",
        '[[inputs.kubernetes]]\n  url = "https://${NODE_IP}:10250"\n  insecure_skip_verify = true\n\n'
        '[[inputs.prometheus]]\n  urls = ["http://localhost:9100/metrics"]\n',
        ADAM,
        ("k8s-nodes",),
        ("production", "eu-central", "us-east"),
    ),
    Sample(
        "Kafka brokers",
        "Consumer lag and under-replicated partitions, read over Jolokia.",
        '[[inputs.jolokia2_agent]]\n  urls = ["http://localhost:8778/jolokia"]\n\n[[outputs.kafka]]\n'
        '  brokers = ["::{kafka_brokers}"]\n  topic = "metrics-&{environment:production}"\n',
        ADAM,
        (),
        ("production",),
        reports=False,
    ),
    Sample(
        "Windows servers",
        "Performance counters, services and the event log.",
        '[[inputs.win_perf_counters]]\n  [[inputs.win_perf_counters.object]]\n    ObjectName = "Processor"\n'
        '    Counters = ["% Idle Time", "% Privileged Time"]\n    Instances = ["*"]\n    Measurement = "win_cpu"\n',
        MONA,
        ("windows",),
        ("production",),
    ),
    Sample(
        "SNMP of the core switches in both data centres, including the out-of-band management network",
        "Interfaces, errors and temperature of network gear.",
        '[[inputs.snmp]]\n  agents = ["udp://&{switch}:161"]\n  version = 3\n  sec_name = "@{vault:snmp_user}"\n',
        MONA,
        ("core-switches",),
        ("eu-central", "us-east"),
    ),
    Sample(
        "Branch gateways",
        "Little: branches pay for what they send.",
        '[agent]\n  interval = "1m"\n\n[[inputs.ping]]\n  urls = ["headquarters.example.com"]\n',
        ADAM,
        ("edge",),
        ("edge",),
    ),
    Sample(
        "Try-out",
        "To see what a plugin does before it goes anywhere.",
        '[[inputs.mock]]\n  metric_name = "mock"\n',
        MONA,
        reports=False,
    ),
)

GROUPS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "Database servers",
        "The base, then PostgreSQL.",
        (BASE, "PostgreSQL"),
        ("db-servers",),
        ("production", "databases"),
    ),
    (
        "Web servers",
        "The base, nginx, and certificates.",
        (BASE, "nginx and its certificates"),
        ("web-servers",),
        ("web",),
    ),
    (
        "Kubernetes with Kafka",
        "Nodes that carry brokers measure both.",
        (BASE, "Kubernetes nodes", "Kafka brokers"),
        (),
        ("production", "us-east"),
    ),
)
"""Name, description, members in order, aliases and labels."""

RULES: tuple[tuple[str, int, int | None], ...] = (
    ("Servers that never sleep", 180, None),
    ("Branches", 43_200, 2_592_000),
    ("Build machines", 600, 86_400),
)
"""Description, seconds of silence allowed, and seconds after which silent agents are deleted."""
