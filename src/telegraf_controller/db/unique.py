"""What the database says about uniqueness, as an error for a person.

Looking first and then writing is not enough: somebody else may write in between. The constraint has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from telegraf_controller.errors import ControllerError


@contextmanager
def unique_or(errors: Mapping[str, ControllerError]) -> Iterator[None]:
    """Raise the error named for a `table.column` when a statement in the block finds its value taken."""
    try:
        yield
    except IntegrityError as violation:
        said = str(violation.orig)
        for name, error in errors.items():
            # SQLite names the column, PostgreSQL the constraint (or index), whose name is made from the column's.
            if name in said or f"uq_{name.replace('.', '_')}" in said:
                raise error from None
        raise
