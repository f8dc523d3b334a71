"""A setting with which no call could be placed, or none would be told of, stops the start and is named."""

import subprocess
import sys
from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from launcher import environment

PAGES = {"sessions_app.E009", "sessions_app.E010", "sessions_app.E011"}


def found() -> set[str]:
    return {str(message.id) for message in run_checks()} & PAGES


def test_the_usual_settings_are_good() -> None:
    assert found() == set()


@pytest.mark.parametrize("dialled", ["", "agileadapt", "1", "+61255501234", "12 34", "1" * 16, "１２３", "12\n"])
def test_a_page_dials_digits(settings: Settings, dialled: str) -> None:
    settings.TELNYX_PAGE_DESTINATION = dialled

    assert found() == {"sessions_app.E009"}


@pytest.mark.parametrize("caller", ["61255501234", "agileadapt", "+0255501234", "+61 2 5550 1234"])
def test_a_page_s_own_number_is_one(settings: Settings, caller: str) -> None:
    settings.TELNYX_PAGE_CALLER_NUMBER = caller

    assert found() == {"sessions_app.E010"}


@pytest.mark.parametrize("spare", ["spare.example", "ftp://spare.example/hook"])
def test_a_spare_address_is_one(settings: Settings, spare: str) -> None:
    settings.WEBHOOK_FAILOVER_URL = spare

    assert found() == {"sessions_app.E011"}


@pytest.mark.parametrize(
    ("given", "dialled"),
    [
        ({"TELNYX_CALLER_NUMBER": "+61 2 5550-1234"}, "61255501234"),
        ({"TELNYX_CALLER_NUMBER": "+61255501234", "TELNYX_PAGE_DESTINATION": "101"}, "101"),
    ],
)
def test_it_is_our_own_number_unless_another_is_chosen(given: dict[str, Any], dialled: str) -> None:
    addresses = environment.Addresses(9, 9, "postgresql://nobody@127.0.0.1:9/none", "redis://127.0.0.1:9")
    read = "from agileadapt import settings; print(settings.TELNYX_PAGE_DESTINATION)"
    environ = environment.inherited() | environment.application(environment.generate_keys(), addresses) | given

    told = subprocess.run([sys.executable, "-c", read], env=environ, capture_output=True, text=True, check=True)

    assert told.stdout.strip() == dialled
