"""Every page of the web interface on a phone, in the dark, on an instance with believable contents (web interface)."""

from __future__ import annotations

import pytest

from tests.end_to_end.browser.pages import named, problems_of
from tests.end_to_end.tour.camera import PHONE, Camera, Format
from tests.end_to_end.tour.scenes import DIALOGS, PAGES, Scene


@pytest.mark.parametrize("scene", PAGES, ids=named)
def test_a_page_is_whole_on_a_phone(camera: Camera, scene: Scene) -> None:
    """No message in the console, nothing serious for axe, no move while it loads, no scrolling sideways."""
    assert problems_of(camera, scene, Format(*PHONE, dark=True)) == []


def test_the_navigation_opens_on_a_phone(camera: Camera) -> None:
    (menu,) = [scene for scene in DIALOGS if scene.name == "account-menu"]
    assert problems_of(camera, menu, Format(*PHONE, dark=False)) == []
