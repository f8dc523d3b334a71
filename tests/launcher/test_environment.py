"""Application and sandbox are given matching keys, and nothing of a real account."""

import base64
import json
import os
from dataclasses import asdict
from pathlib import Path

from nacl.signing import SigningKey, VerifyKey

from launcher import environment

ADDRESSES = environment.Addresses(8000, 8100, "postgresql://u@/db", "redis://127.0.0.1:1/0")


def test_both_sides_agree_on_keys_and_ids() -> None:
    keys = environment.generate_keys()
    application, sandbox = environment.application(keys, ADDRESSES), environment.sandbox(keys, ADDRESSES)

    assert application["TELNYX_API_KEY"] == sandbox["SANDBOX_API_KEY"]
    # What its assistant's tools come with, the sandbox learns as Telnyx does: from its account.
    assert keys.tool_secret == application["MCP_SECRETS"]
    assert keys.tool_secret not in sandbox.values()
    assert application["TELNYX_CONNECTION_ID"] == sandbox["SANDBOX_CONNECTION_ID"]
    assert application["TELNYX_CALL_CONTROL_APP_ID"] == sandbox["SANDBOX_CALL_CONTROL_APP_ID"]
    assert sandbox["SANDBOX_WEBHOOK_BASE"] == f"{application['PUBLIC_URL']}/webhooks/telnyx"
    signed = SigningKey(base64.b64decode(sandbox["SANDBOX_SIGNING_KEY"])).sign(b"body")
    VerifyKey(base64.b64decode(application["TELNYX_PUBLIC_KEYS"])).verify(signed)


def test_a_real_account_in_the_callers_environment_is_not_passed_on() -> None:
    given = {
        "PATH": "/bin",
        "TELNYX_API_KEY": "KEYreal",
        "DJANGO_SECRET_KEY": "real",
        "SANDBOX_PORT": "1",
        "MCP_SECRETS": "x",
    }

    assert environment.inherited(given) == {"PATH": "/bin"}


def test_keys_are_kept_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    first = environment.kept_keys(tmp_path)

    assert environment.kept_keys(tmp_path) == first
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
    assert environment.generate_keys() != first


def test_a_folder_of_an_earlier_version_keeps_its_keys_and_gets_the_new_one(tmp_path: Path) -> None:
    first = asdict(environment.kept_keys(tmp_path))
    earlier = {name: key for name, key in first.items() if name != "tool_secret"}
    (tmp_path / "keys.json").write_text(json.dumps(earlier))

    kept = asdict(environment.kept_keys(tmp_path))

    assert {name: kept[name] for name in earlier} == earlier
    assert kept["tool_secret"] not in {"", first["tool_secret"]}
    assert asdict(environment.kept_keys(tmp_path)) == kept


def test_tests_run_with_a_complete_environment_that_reaches_no_account(signing_key: SigningKey) -> None:
    assert os.environ["TELNYX_API_BASE"].startswith("http://127.0.0.1:")
    assert os.environ["TELNYX_PUBLIC_KEYS"] == base64.b64encode(bytes(signing_key.verify_key)).decode()
