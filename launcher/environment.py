"""The environment variables that tie the application and the sandbox together on one machine."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from nacl.signing import SigningKey

CONNECTION_ID = "2694492062593582591"
CALL_CONTROL_APP_ID = "1684641123236054244"
ASSISTANT_ID = "assistant-5f0d7b1c-6f0e-4d4a-9a53-0f2c9a3f3e10"
CALLER_NUMBER = "+61255501234"


@dataclass(frozen=True)
class Keys:
    """Secrets of one local stack."""

    django_secret: str
    api_key: str
    control_token: str
    signing_seed: str
    tool_secret: str

    @property
    def public_key(self) -> str:
        key = SigningKey(base64.b64decode(self.signing_seed))
        return base64.b64encode(bytes(key.verify_key)).decode()


def generate_keys() -> Keys:
    return Keys(
        django_secret=secrets.token_urlsafe(48),
        api_key=f"KEY{secrets.token_hex(16)}",
        control_token=secrets.token_urlsafe(32),
        signing_seed=base64.b64encode(bytes(SigningKey.generate())).decode(),
        tool_secret=secrets.token_urlsafe(32),
    )


def kept_keys(folder: Path) -> Keys:
    """Return the keys kept in `folder`, made on first use: log-ins survive a restart."""
    path = folder / "keys.json"
    path.touch(mode=0o600)
    kept = json.loads(path.read_text() or "{}")
    keys = Keys(**asdict(generate_keys()) | kept)
    if asdict(keys) != kept:  # The first start, or one with a key that is new since the last.
        path.write_text(json.dumps(asdict(keys)))
    return keys


@dataclass(frozen=True)
class Addresses:
    """Where the parts of one local stack answer."""

    web_port: int
    sandbox_port: int
    database_url: str
    redis_url: str

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"


def application(keys: Keys, addresses: Addresses) -> dict[str, str]:
    """What the web, worker and beat processes read."""
    return {
        "DATABASE_URL": addresses.database_url,
        "REDIS_URL": addresses.redis_url,
        "DJANGO_SECRET_KEY": keys.django_secret,
        "DJANGO_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "DJANGO_DEBUG": "0",
        "PUBLIC_URL": addresses.web,
        "TELNYX_API_KEY": keys.api_key,
        "TELNYX_API_BASE": f"{addresses.sandbox}/v2",
        "TELNYX_PUBLIC_KEYS": keys.public_key,
        "TELNYX_CONNECTION_ID": CONNECTION_ID,
        "TELNYX_CALL_CONTROL_APP_ID": CALL_CONTROL_APP_ID,
        "TELNYX_CALLER_NUMBER": CALLER_NUMBER,
        "TELNYX_SIP_DOMAIN": "sip.telnyx.com",
        "TELNYX_SIGNALLING_HOST": f"ws://127.0.0.1:{addresses.sandbox_port}/",
        "TELNYX_ICE_SERVERS": "[]",
        "MCP_SECRETS": keys.tool_secret,
    }


def sandbox(keys: Keys, addresses: Addresses) -> dict[str, str]:
    """What the sandbox process reads."""
    return {
        "SANDBOX_HOST": "127.0.0.1",
        "SANDBOX_PORT": str(addresses.sandbox_port),
        "SANDBOX_API_KEY": keys.api_key,
        "SANDBOX_SIGNING_KEY": keys.signing_seed,
        "SANDBOX_WEBHOOK_BASE": f"{addresses.web}/webhooks/telnyx",
        "SANDBOX_CONNECTION_ID": CONNECTION_ID,
        "SANDBOX_CALL_CONTROL_APP_ID": CALL_CONTROL_APP_ID,
        "SANDBOX_ASSISTANT_ID": ASSISTANT_ID,
        "SANDBOX_CALLER_NUMBER": CALLER_NUMBER,
        "SANDBOX_SIP_DOMAIN": "sip.telnyx.com",
        "SANDBOX_CONTROL_TOKEN": keys.control_token,
    }


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The caller's environment without what configures the product: a local stack must not reach a real account."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(("DJANGO_", "TELNYX_", "SANDBOX_", "MCP_", "WEBHOOK_", "EMAIL_", "DEFAULT_FROM_EMAIL"))
    }
