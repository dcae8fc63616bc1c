"""What the tests of every page and dialog share."""

from __future__ import annotations

from tests.end_to_end.tour.camera import Camera, Format
from tests.end_to_end.tour.scenes import Scene
from tests.processes.running import REPOSITORY

_RESULTS = REPOSITORY / "test-results"


def problems_of(camera: Camera, scene: Scene, seen: Format) -> list[str]:
    """Look at a scene; returns what does not hold on it, and keeps a picture if that is anything."""
    problems = camera.look(scene, seen, _RESULTS, only_wrong=True)
    return [f"{seen.name}: {problem}" for problem in problems]


def named(scene: Scene) -> str:
    """Name a test by its scene."""
    return scene.name
