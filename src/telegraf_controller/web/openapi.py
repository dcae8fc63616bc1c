"""Print the OpenAPI document, from which the types of the web interface are made.

    python -m telegraf_controller.web.openapi > openapi.json

It starts nothing and opens no database.
"""

from __future__ import annotations

import json
import sys

from telegraf_controller.access.services import make_services
from telegraf_controller.app import build_framework_app
from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget


def main() -> None:
    """Write the document to standard output."""
    # Making the engine connects to nothing; a SQLite target would create its file.
    services = make_services(Database(DatabaseTarget.parse("postgresql://localhost/unused")))
    json.dump(build_framework_app(services).openapi(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
