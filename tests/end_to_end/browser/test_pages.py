"""Every page and dialog of the web interface, on an instance with believable contents (web interface)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.end_to_end.tour.camera import DESK, PHONE, Camera, Format
from tests.end_to_end.tour.instance import Instance, filled_instance
from tests.end_to_end.tour.scenes import DIALOGS, PAGES, Scene
from tests.processes.running import REPOSITORY

_RESULTS = REPOSITORY / "test-results"


@pytest.fixture(scope="module")
def instance(
    chromium_path: str, _built_interface: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instance]:
    with filled_instance(tmp_path_factory.mktemp("instance")) as instance:
        yield instance


@pytest.fixture(scope="module")
def camera(instance: Instance, chromium: Browser) -> Camera:
    return Camera(chromium, instance)


def problems_of(camera: Camera, scene: Scene, seen: Format) -> list[str]:
    problems = camera.look(scene, seen, _RESULTS, only_wrong=True)
    return [f"{seen.name}: {problem}" for problem in problems]


def named(scene: Scene) -> str:
    return scene.name


@pytest.mark.parametrize("scene", PAGES, ids=named)
def test_a_page_is_whole_at_a_desk_and_on_a_phone_in_light_and_dark(camera: Camera, scene: Scene) -> None:
    """No message in the console, nothing serious for axe, no move while it loads, no scrolling sideways."""
    formats = (Format(*DESK, dark=False), Format(*PHONE, dark=True))
    assert [problem for seen in formats for problem in problems_of(camera, scene, seen)] == []


def test_the_navigation_opens_on_a_phone(camera: Camera) -> None:
    (menu,) = [scene for scene in DIALOGS if scene.name == "account-menu"]
    assert problems_of(camera, menu, Format(*PHONE, dark=False)) == []


@pytest.mark.parametrize("scene", DIALOGS, ids=named)
def test_what_opens_takes_the_focus_and_gives_it_back(camera: Camera, scene: Scene) -> None:
    """Also nothing serious for axe; Escape closes it."""
    assert problems_of(camera, scene, Format(*DESK, dark=True)) == []
