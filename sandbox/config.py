"""The settings of the sandbox process, read once from the environment."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_CONNECTION_ID = "2694492062593582591"
DEFAULT_APP_ID = "1684641123236054244"
DEFAULT_ASSISTANT_ID = "assistant-5f0d7b1c-6f0e-4d4a-9a53-0f2c9a3f3e10"
DEFAULT_CALLER_NUMBER = "+61255501234"
SEED_BYTES = 32


class ConfigError(Exception):
    """A variable is missing or unreadable; the message names it and the way out."""


@dataclass(frozen=True)
class Config:
    host: str
    port: int
    api_key: str
    signing_seed: bytes
    webhook_base: str
    connection_id: str
    call_control_app_id: str
    assistant_id: str
    sip_domain: str
    control_token: str
    # A number that the account owns.
    caller_number: str = DEFAULT_CALLER_NUMBER


def from_environment(env: Mapping[str, str]) -> Config:
    port = env.get("SANDBOX_PORT", "21100")
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ConfigError(f"SANDBOX_PORT is not a port number: {port!r}")
    return Config(
        host=env.get("SANDBOX_HOST", "127.0.0.1"),
        port=int(port),
        api_key=_required(env, "SANDBOX_API_KEY"),
        signing_seed=_seed(_required(env, "SANDBOX_SIGNING_KEY")),
        webhook_base=_required(env, "SANDBOX_WEBHOOK_BASE").rstrip("/"),
        connection_id=env.get("SANDBOX_CONNECTION_ID", DEFAULT_CONNECTION_ID),
        call_control_app_id=env.get("SANDBOX_CALL_CONTROL_APP_ID", DEFAULT_APP_ID),
        assistant_id=env.get("SANDBOX_ASSISTANT_ID", DEFAULT_ASSISTANT_ID),
        sip_domain=env.get("SANDBOX_SIP_DOMAIN", "sip.telnyx.com"),
        control_token=_required(env, "SANDBOX_CONTROL_TOKEN"),
        caller_number=env.get("SANDBOX_CALLER_NUMBER", DEFAULT_CALLER_NUMBER),
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise ConfigError(f"{name} is empty; the launcher sets it, see docs/settings.md")
    return value


def _seed(text: str) -> bytes:
    try:
        seed = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ConfigError("SANDBOX_SIGNING_KEY is not base64") from error
    if len(seed) != SEED_BYTES:
        raise ConfigError(f"SANDBOX_SIGNING_KEY must hold {SEED_BYTES} bytes, not {len(seed)}")
    return seed
