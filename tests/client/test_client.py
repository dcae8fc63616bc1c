"""What the client makes of answers, good and bad."""

from __future__ import annotations

import re
import threading
import traceback

import pytest

from telegraf_controller.client import ApiError, ClientError, ControllerClient, Misconfigured, Unreachable
from tests.client.stand_in import Answer, Request, standing_in
from tests.support.ports import free_port

SECRET = "tc-apiv1_" + "5e" * 32


def _token(number: int, **more: object) -> dict[str, object]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "name": f"token {number}",
        "userId": "00000000-0000-4000-8000-00000000000a",
        "username": "Olivia",
        "permissions": ["configs:read"],
        "status": "active",
        "expired": False,
        "expiresAt": None,
        "createdAt": "2026-11-23T17:10:02.123Z",
        "hint": "5e5e",
        "source": "generated",
        **more,
    }


def test_an_error_envelope_becomes_an_api_error() -> None:
    envelope = {"error": "not_found", "message": "There is no token 'x'.", "details": {"what": "token"}}
    with (
        standing_in(lambda _: Answer(404, envelope)) as url,
        ControllerClient(url) as client,
        pytest.raises(ApiError) as caught,
    ):
        client.tokens.read("x")
    assert str(caught.value) == "There is no token 'x'."
    assert (caught.value.status, caught.value.code, caught.value.details) == (404, "not_found", {"what": "token"})


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(502, b"<html>Bad Gateway</html>"), "answered 502 Bad Gateway, and not as a Telegraf Controller does."),
        (Answer(200, b"<html>Welcome to nginx!</html>"), "not as a Telegraf Controller of this version does."),
        (Answer(200, {"unexpected": True}), "not as a Telegraf Controller of this version does."),
        (
            Answer(308, b"", {"Location": "https://controller.example.com/api/version"}),
            "points to 'https://controller.example.com/api/version'; use that address.",
        ),
    ],
)
def test_an_answer_that_is_not_a_controllers_is_said_to_be_none(answer: Answer, sentence: str) -> None:
    with (
        standing_in(lambda _: answer) as url,
        ControllerClient(url) as client,
        pytest.raises(ApiError, match=re.escape(sentence)) as caught,
    ):
        client.version()
    assert caught.value.code == "unexpected_answer"


def test_nobody_listening_is_one_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with ControllerClient(url) as client, pytest.raises(Unreachable) as caught:
        client.version()
    assert str(caught.value) == f"No controller can be reached at {url} (connection refused)."


def test_a_silent_server_is_given_up_on() -> None:
    def never_in_time(request: Request) -> Answer:
        done.wait(5)
        return Answer()

    done = threading.Event()
    with standing_in(never_in_time) as url, ControllerClient(url, timeout_seconds=0.1) as client:
        with pytest.raises(Unreachable, match=r"did not answer within 0\.1 s\."):
            client.version()
        done.set()


@pytest.mark.parametrize(
    "url",
    [
        "controller:8888",
        "ftp://controller",
        "http://",
        "http://user:hunter2@controller",
        "http://controller/?x=1",
        "http://[::1",
        "http://controller:port",
    ],
)
def test_an_impossible_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        ControllerClient(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["tc-apiv1_\nX-Evil: 1", "tc-apiv1_ 5e", "tc-apiv1_ü"])
def test_an_impossible_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        ControllerClient("http://127.0.0.1:8888", token)
    assert "tc-apiv1_" not in str(caught.value)


def test_the_token_is_sent_as_bearer_and_stays_out_of_errors() -> None:
    def echo(request: Request) -> Answer:
        return Answer(500, {"error": "internal_error", "message": request.headers["authorization"][:9]})

    with standing_in(echo) as url, ControllerClient(url, f" {SECRET}\n") as client:
        with pytest.raises(ApiError, match="Bearer tc") as caught:
            client.tokens.find("x")
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    with ControllerClient(f"http://127.0.0.1:{free_port()}", SECRET) as client, pytest.raises(ClientError) as refused:
        client.tokens.find("x")
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_new_token_keeps_its_value_out_of_its_repr() -> None:
    body = _token(1, token=SECRET, droppedPermissions=["tokens:read"])
    with standing_in(lambda _: Answer(201, body)) as url, ControllerClient(url) as client:
        created = client.tokens.create("token 1", ["configs:read"])
    assert created.token == SECRET
    assert created.dropped_permissions == ["tokens:read"]
    assert SECRET not in repr(created)


def test_a_list_is_gone_through_page_by_page() -> None:
    asked: list[str] = []

    def pages(request: Request) -> Answer:
        asked.append(request.path)
        number = len(asked)
        count = 500 if number < 3 else 7
        items = [_token(number * 1000 + i) for i in range(count)]
        return Answer(200, {"items": items, "total": 1007, "page": number, "limit": 500})

    with standing_in(pages) as url, ControllerClient(url) as client:
        assert len({token.id for token in client.tokens.each(search="a&b")}) == 1007
    assert asked == [f"/api/tokens?search=a%26b&page={page}&limit=500" for page in (1, 2, 3)]


def test_what_a_newer_server_adds_is_ignored() -> None:
    body = _token(1, colour="blue", details={"nested": [1]})
    with standing_in(lambda _: Answer(200, body)) as url, ControllerClient(url) as client:
        assert client.tokens.read("1").name == "token 1"


def test_ids_are_quoted_into_the_path() -> None:
    asked: list[str] = []

    def record(request: Request) -> Answer:
        asked.append(request.path)
        return Answer(204)

    with standing_in(record) as url, ControllerClient(f"{url}/behind/a/proxy/") as client:
        client.configs.delete("../tokens?x=1")
    assert asked == ["/behind/a/proxy/api/configs/..%2Ftokens%3Fx%3D1"]


def test_what_is_not_given_is_not_sent() -> None:
    bodies: list[bytes] = []

    def record(request: Request) -> Answer:
        bodies.append(request.body)
        return Answer(200, _token(1, token=SECRET))

    with standing_in(record) as url, ControllerClient(url) as client:
        client.tokens.create("one", ["configs:read"])
        client.tokens.rotate("1", overlap_seconds=0)
    assert bodies == [b'{"name":"one","permissions":["configs:read"]}', b'{"overlapSeconds":0}']


def test_health_is_told_without_an_error() -> None:
    def not_ready(request: Request) -> Answer:
        return Answer(503 if request.path.endswith("ready") else 200, {})

    with standing_in(not_ready) as url, ControllerClient(url) as client:
        assert client.is_live()
        assert not client.is_ready()
