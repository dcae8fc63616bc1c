"""The database that the options name."""

from __future__ import annotations

from telegraf_controller.db.engine import Database
from telegraf_controller.db.url import DatabaseTarget
from telegraf_controller.options import Options


def target_of(options: Options) -> DatabaseTarget:
    """Parse the database's address. Raises DatabaseUrlError."""
    return DatabaseTarget.parse(
        options.database.get_secret_value(),
        ca_cert=None if options.database_ca_cert is None else str(options.database_ca_cert),
        no_verify=options.database_ssl_no_verify,
    )


def open_database(options: Options) -> Database:
    """Return the database of this process; nothing is connected yet."""
    return Database(target_of(options))
