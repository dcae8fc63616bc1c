"""What a username and an e-mail address look like (U4)."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from telegraf_controller.errors import Conflict, ControllerError

_USERNAME = re.compile(r"[A-Za-z0-9._-]{3,50}")


def username_problem(username: str) -> str | None:
    """Return what is wrong with a username, as the end of a sentence, or None."""
    if _USERNAME.fullmatch(username):
        return None
    return "must have 3 to 50 characters: letters, digits, '.', '_' and '-'"


def normal_email(email: str) -> str:
    """Return an e-mail address in its normal form. Raises ValueError with the end of a sentence."""
    try:
        # Addresses inside a company's own network are as good as any: nothing is looked up.
        return validate_email(email, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise ValueError("must be an e-mail address, such as name@example.com") from None


def names_taken(username: str, email: str) -> dict[str, ControllerError]:
    """Return what to say when a name is taken, for `unique_or` on users."""
    return {"users.username_key": username_taken(username), "users.email_key": email_taken(email)}


def username_taken(username: str) -> Conflict:
    """Return the error for a username that somebody has."""
    return Conflict("username_conflict", f"The username {username!r} is taken.", username=username)


def email_taken(email: str) -> Conflict:
    """Return the error for an e-mail address that somebody has."""
    return Conflict("email_conflict", f"The e-mail address {email!r} is taken.", email=email)
