"""The certificate and key that both ports serve HTTPS with."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from telegraf_controller.options import Options


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate chain and its key, both PEM files, checked to fit by `startup`."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return Python's idea of them. Raises OSError (ssl.SSLError is one), ValueError when the key is encrypted."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self.certificate, self.key, password=_no_passphrase)
        return context


def tls_of(options: Options) -> Tls | None:
    """Return the certificate that the options name, None when they name none."""
    if options.ssl_cert is None or options.ssl_key is None:
        return None
    return Tls(options.ssl_cert, options.ssl_key)


def _no_passphrase() -> str:
    # Without this, OpenSSL asks on the terminal and start-up hangs.
    raise ValueError("the key needs a passphrase")
