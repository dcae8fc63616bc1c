"""Certificates for tests that speak TLS."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificate(base: Path, *key_options: str) -> tuple[Path, Path]:
    """Make a self-signed certificate for 127.0.0.1 and its key with openssl."""
    certificate, key = base.with_suffix(".crt"), base.with_suffix(".key")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate), *(key_options or ("-nodes",))),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
