"""Whatever is sent to the API, it answers as its OpenAPI document says: no 5xx, no undeclared status or shape."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from telegraf_controller import clock
from telegraf_controller.access.services import make_services
from telegraf_controller.app import build_framework_app
from telegraf_controller.db.engine import Database
from telegraf_controller.db.leases import acquire_lease
from telegraf_controller.db.url import DatabaseTarget
from tests.cast import OLIVIA
from tests.support.api import Api, running_api
from tests.support.people import browser_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

EXAMPLES = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _document() -> dict[str, Any]:
    # Making the engine connects to nothing.
    database = Database(DatabaseTarget.parse("postgresql://localhost/unused"))
    return build_framework_app(make_services(database)).openapi()


DOCUMENT = _document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods]


@dataclass(frozen=True)
class Caller:
    """The API, and the loop that it lives in, for tests that are not asynchronous themselves."""

    runner: asyncio.Runner
    api: Api

    def send(self, case: schemathesis.Case[Any], headers: dict[str, str]) -> httpx.Response:
        """Send what was generated."""
        request = case.as_transport_kwargs(headers=headers, base_url="http://controller.test")
        request.pop("cookies", None)
        data = request.pop("data", None)
        content = data if isinstance(data, str | bytes) else None
        response = self.runner.run(self.api.http.request(**request, content=content))
        self.api.http.cookies.clear()
        return response

    def headers(self, who: str) -> dict[str, str]:
        """The owner comes with a browser, the manager with a token."""
        if who == "manager":
            return self.api.cast.bearer("manager")
        return self.runner.run(browser_of(self.api, OLIVIA))


@pytest.fixture(scope="module")
def caller(_migrated_sqlite_file: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    path = tmp_path_factory.mktemp("shapes") / "controller.db"
    path.write_bytes(_migrated_sqlite_file.read_bytes())
    with asyncio.Runner() as runner:
        running = running_api(str(path))
        api = runner.run(running.__aenter__())
        runner.run(_lead(api))
        yield Caller(runner, api)
        runner.run(running.__aexit__(None, None, None))


async def _lead(api: Api) -> None:
    """Make the node the leader for an hour: one that is not answers 503, and no other 5xx is expected."""
    async with api.database.write() as session:
        await acquire_lease(session, "leader", api.services.node_id, clock.now() + timedelta(hours=1))


@pytest.mark.parametrize("who", ["owner", "manager"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_as_documented(caller: Caller, operation: str, who: str) -> None:
    method, _, path = operation.partition(" ")
    api_operation = SCHEMA[path][method]
    headers = caller.headers(who)
    cases = st.one_of(
        api_operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        api_operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @EXAMPLES
    @given(case=cases)
    def check(case: schemathesis.Case[Any]) -> None:
        case.validate_response(caller.send(case, headers), checks=CHECKS)

    check()
