"""Mail that would reach nobody is noticed before somebody waits for it."""

import subprocess
import sys

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from launcher import environment


def found(*, deploy: bool = False) -> set[str]:
    told = {str(message.id) for message in run_checks(include_deployment_checks=deploy)}
    return {one for one in told if one.startswith("accounts.")}


def test_the_usual_settings_are_good() -> None:
    assert found() == set()


def test_production_is_warned_that_nothing_is_sent(settings: Settings) -> None:
    assert found(deploy=True) == {"accounts.W001", "accounts.W002"}

    settings.EMAIL_HOST = "mail.shop.example"
    assert found(deploy=True) == {"accounts.W002"}

    settings.DEFAULT_FROM_EMAIL = "AgileAdapt <talk@shop.example>"
    assert found(deploy=True) == set()


@pytest.mark.parametrize("sender", ["", "AgileAdapt", "AgileAdapt <support>", "@shop.example"])
def test_a_sender_is_an_address(settings: Settings, sender: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender

    assert found() == {"accounts.E001"}


def test_mail_is_encrypted_in_one_way(settings: Settings) -> None:
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = True

    assert found() == {"accounts.E002"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "console.EmailBackend AgileAdapt <no-reply@localhost>"),
        (
            {"EMAIL_HOST": "mail.shop.example", "DEFAULT_FROM_EMAIL": "a@shop.example"},
            "smtp.EmailBackend a@shop.example",
        ),
    ],
)
def test_a_mail_server_is_used_once_it_is_named(given: dict[str, str], told: str) -> None:
    addresses = environment.Addresses(9, 9, "postgresql://nobody@127.0.0.1:9/none", "redis://127.0.0.1:9")
    read = "from agileadapt import settings as s; print(s.EMAIL_BACKEND, s.DEFAULT_FROM_EMAIL)"
    environ = environment.inherited() | environment.application(environment.generate_keys(), addresses) | given

    ran = subprocess.run([sys.executable, "-c", read], env=environ, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == f"django.core.mail.backends.{told}"


def test_a_local_stack_reaches_no_real_mail_server() -> None:
    told = {"EMAIL_HOST": "mail.shop.example", "DEFAULT_FROM_EMAIL": "a@shop.example", "HOME": "/home/dave"}

    assert environment.inherited(told) == {"HOME": "/home/dave"}
