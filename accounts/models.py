"""Who may log in. An account is named by its e-mail address."""

from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.validators import validate_ascii, validate_time_zone


def default_time_zone() -> str:
    return settings.TIME_ZONE


def normalize_email(email: str) -> str:
    """The one spelling of an address: in lower case.

    What is not ASCII stays as it is and is nobody's: `lower` would make a “k” of the sign for Kelvin.
    """
    stripped = email.strip()
    return stripped.lower() if stripped.isascii() else stripped


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Without a password nobody can log in until one was set."""
        user = self.model(email=normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalize_email(username or ""))

    async def aget_by_natural_key(self, username: str | None) -> "User":
        return await self.aget(email=normalize_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(
        "e-mail address",
        unique=True,
        validators=[validate_ascii],
        error_messages={"unique": "There is an account with this e-mail address."},
    )
    name = models.CharField(max_length=150)
    time_zone = models.CharField(
        max_length=64, default=default_time_zone, validators=[validate_time_zone], help_text="Such as Australia/Sydney."
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Take this away instead of deleting the account: what it did stays readable."
    )
    is_staff = models.BooleanField("staff", default=False, help_text="May open this administration.")
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["email"]
        constraints = [models.CheckConstraint(name="email_is_lower", condition=Q(email=Lower("email")))]

    def clean(self) -> None:
        self.email = normalize_email(self.email)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name
