"""An account is named by its e-mail address, in one spelling."""

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from pytest_django import Settings

from accounts.models import User, normalize_email

pytestmark = pytest.mark.django_db

# The sign for Kelvin, the long s and the Turkish letters become plain ones in some folding of case.
LOOKALIKES = ["bob\u212a@shop.example", "\u017fam@shop.example", "d\u0131ana@shop.example", "bob@\u0455hop.example"]


def created(**details: Any) -> User:
    return User.objects.create_user(**{"email": "dave@shop.example", "name": "Dave", **details})


@pytest.mark.parametrize("written", ["Dave@Shop.example", "DAVE@SHOP.EXAMPLE", "  dave@shop.example "])
def test_an_address_is_kept_in_lower_case(written: str) -> None:
    assert created(email=written).email == "dave@shop.example"


def test_two_accounts_cannot_differ_in_case_alone() -> None:
    created()

    with pytest.raises(IntegrityError):
        created(email="Dave@shop.example")


def test_the_database_takes_no_other_spelling() -> None:
    with pytest.raises(IntegrityError, match="email_is_lower"):
        User.objects.create(email="Dave@shop.example", name="Dave")


def test_a_form_finds_the_account_of_another_spelling() -> None:
    created()

    with pytest.raises(ValidationError, match="There is an account"):
        User(email="DAVE@shop.example", name="Dave", password="!").full_clean()


@pytest.mark.parametrize("email", LOOKALIKES)
def test_look_alikes_are_refused(email: str) -> None:
    with pytest.raises(ValidationError) as refused:
        User(email=email, name="Dave", password="!").full_clean()

    assert set(refused.value.message_dict) == {"email"}


@pytest.mark.parametrize("email", LOOKALIKES)
def test_look_alikes_are_nobody(email: str) -> None:
    folded = email.casefold().translate({0x131: "i", 0x455: "s"})
    assert folded.isascii()
    created(email=folded)

    assert normalize_email(email) == email
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key(email)


def test_a_person_has_the_installation_s_time_zone_unless_they_choose(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Lisbon"

    assert created().time_zone == "Europe/Lisbon"


@pytest.mark.parametrize("zone", ["Australia/Nowhere", "+10:00", "", "../etc/localtime", "australia/sydney"])
def test_a_time_zone_is_one(zone: str) -> None:
    with pytest.raises(ValidationError) as refused:
        User(email="dave@shop.example", name="Dave", password="!", time_zone=zone).full_clean()

    assert set(refused.value.message_dict) == {"time_zone"}


def test_without_a_password_nobody_can_log_in() -> None:
    assert not created().has_usable_password()


def test_a_superuser_is_created_with_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")
    told = {"email": "Root@shop.example", "name": "Root", "interactive": False, "stdout": StringIO()}

    call_command("createsuperuser", **told)

    root = User.objects.get()
    assert (root.email, root.name, root.is_staff, root.is_superuser) == ("root@shop.example", "Root", True, True)
    assert root.check_password("correct horse battery")
    with pytest.raises(CommandError, match="already taken"):
        call_command("createsuperuser", **told)
