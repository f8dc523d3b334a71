"""The sandbox's account is set up anew when anything that shaped it changed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from launcher import accounts, environment, servers
from sessions_app.models.people import WidgetConfig

OBJECTS = {"integration_secrets": [{"identifier": "ours", "token": "s3cret"}]}


@pytest.fixture
def addresses() -> environment.Addresses:
    database_url = servers.at_database(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"]))
    return environment.Addresses(8000, 8100, database_url, "redis://127.0.0.1:1/0")


def test_what_was_kept_is_known_again_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    assert accounts.remembered(file, "one") is None

    accounts.remember(file, "one", OBJECTS)

    assert accounts.remembered(file, "one") == OBJECTS
    assert accounts.remembered(file, "two") is None
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.django_db(transaction=True)
def test_another_address_secret_or_question_makes_another_account(
    addresses: environment.Addresses, widget: WidgetConfig
) -> None:
    keys = environment.generate_keys()
    seen = {accounts.fingerprint(keys, addresses)}
    assert accounts.fingerprint(keys, addresses) in seen

    seen.add(accounts.fingerprint(environment.generate_keys(), addresses))
    seen.add(accounts.fingerprint(keys, replace(addresses, web_port=8001)))
    widget.gather_schema = {"type": "object", "properties": {"roof": {"type": "string"}}}
    widget.save()
    seen.add(accounts.fingerprint(keys, addresses))

    assert len(seen) == 4
