"""Tell uv and npm what pip is configured with: package indexes and certificates."""

import ast
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from launcher.checkout import MACHINE_PYTHON

UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
SEPARATORS = {"extra-index-url": " ", "find-links": ","}
SYSTEM_CERTIFICATES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
RANKS = {"global": 0, "install": 1, ":env:": 2}


def uv_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with pip's index settings added under uv's names; what is set for uv already wins."""
    # pip merges all its indexes. Every file is checked against its hash, so the first index need not be trusted more.
    translated = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_PYTHON_DOWNLOADS": "never"}
    if has_system_certificates():
        translated["UV_SYSTEM_CERTS"] = "true"
    translated.update(translate(pip_settings()))
    return translated | dict(environ)


def npm_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with npm trusting the certificates that the machine and pip trust."""
    trusted = {"NODE_USE_SYSTEM_CA": "1"}
    certificates = environ.get("SSL_CERT_FILE") or pip_settings().get("cert")
    if certificates:
        trusted["NODE_EXTRA_CA_CERTS"] = certificates
    return trusted | dict(environ)


def has_system_certificates() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or any(Path(file).exists() for file in SYSTEM_CERTIFICATES)


def pip_settings() -> dict[str, str]:
    """Read pip's effective settings: files first, then PIP_* variables over them."""
    command = [MACHINE_PYTHON, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return parse(listed)


def parse(listed: str) -> dict[str, str]:
    """Read the output of `pip config list`; a setting of pip itself loses to one for its install command."""
    found: dict[tuple[int, str], str] = {}
    for line in listed.splitlines():
        place, _, value = line.partition("=")
        section, _, name = place.rpartition(".")
        if section in RANKS and name in UV_NAMES:
            found[RANKS[section], name] = ast.literal_eval(value)
    return {name: value for (_, name), value in sorted(found.items())}


def translate(settings: Mapping[str, str]) -> dict[str, str]:
    """Rename pip's settings to uv's, leaving out local folders that do not exist (pip ignores those, uv fails)."""
    values = {name: reachable(name, value) if name in SEPARATORS else value for name, value in settings.items()}
    return {UV_NAMES[name]: value for name, value in values.items() if value}


def reachable(name: str, value: str) -> str:
    """Keep those of several locations that can answer, written as uv wants them."""
    return SEPARATORS[name].join(location for location in value.split() if is_reachable(location))


def is_reachable(location: str) -> bool:
    """Say whether a location is remote or an existing local path."""
    parts = urlsplit(location)
    if parts.scheme in {"http", "https"}:
        return True
    path = unquote(parts.path) if parts.scheme == "file" else location
    return Path(path).exists()
