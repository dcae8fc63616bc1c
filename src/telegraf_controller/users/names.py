"""What a username and an e-mail address look like (U4)."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

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
