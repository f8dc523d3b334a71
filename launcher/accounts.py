"""Remember the sandbox's account as `telnyx_provision` has set it up; to do that anew takes seconds."""

import json
from pathlib import Path
from typing import Any

import psycopg

from launcher import prepared
from launcher.environment import Addresses, Keys

# What decides what an account needs, beside the widgets, and what the sandbox keeps of it.
SOURCES = ("agileadapt", "assistant_tools", "sandbox", "sessions_app", "telephony")
WIDGETS = "SELECT md5(coalesce(string_agg(widget::text, '' ORDER BY id), '')) FROM sessions_app_widgetconfig AS widget"

Objects = dict[str, list[dict[str, Any]]]


def fingerprint(keys: Keys, addresses: Addresses) -> str:
    """Hash the sources, what the account is told of this stack, and the widgets, which the admin may have changed."""
    with psycopg.connect(addresses.database_url) as connection:
        (widgets,) = connection.execute(WIDGETS).fetchone() or ("",)
    return prepared.fingerprint(f"{addresses.web} {keys.tool_secret} {widgets}", sources=SOURCES)


def remembered(file: Path, expected: str) -> Objects | None:
    """Return the account that was remembered for this fingerprint."""
    kept = json.loads(file.read_text()) if file.exists() else {}
    return kept["objects"] if kept.get("fingerprint") == expected else None


def remember(file: Path, made_for: str, objects: Objects) -> None:
    """Keep the account; it holds secrets, so that only its owner may read it."""
    file.touch(mode=0o600)
    file.write_text(json.dumps({"fingerprint": made_for, "objects": objects}))
