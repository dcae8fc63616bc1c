"""Every dialog and menu of the web interface, in the dark, on an instance with believable contents (web interface)."""

from __future__ import annotations

import pytest

from tests.end_to_end.browser.pages import named, problems_of
from tests.end_to_end.tour.camera import DESK, Camera, Format
from tests.end_to_end.tour.scenes import DIALOGS, Scene


@pytest.mark.parametrize("scene", DIALOGS, ids=named)
def test_what_opens_takes_the_focus_and_gives_it_back(camera: Camera, scene: Scene) -> None:
    """Also nothing serious for axe; Escape closes it."""
    assert problems_of(camera, scene, Format(*DESK, dark=True)) == []
