"""HTTP clients of tests speak to a controller on this machine, without TLS."""

from __future__ import annotations

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx's `verify`. It trusts nobody; without it each client reads all public authorities first, for 50 ms."""
