"""Every page of the web interface at a desk, in light, on an instance with believable contents (web interface)."""

from __future__ import annotations

import pytest

from tests.end_to_end.browser.pages import named, problems_of
from tests.end_to_end.tour.camera import DESK, Camera, Format
from tests.end_to_end.tour.scenes import PAGES, Scene


@pytest.mark.parametrize("scene", PAGES, ids=named)
def test_a_page_is_whole_at_a_desk(camera: Camera, scene: Scene) -> None:
    """No message in the console, nothing serious for axe, no move while it loads, no scrolling sideways."""
    assert problems_of(camera, scene, Format(*DESK, dark=False)) == []
