"""A node, as for the tests of configurations."""

from __future__ import annotations

from tests.configs.conftest import configs as configs
