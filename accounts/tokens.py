"""What makes a link good: once, for one account, for one purpose, for a while."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.http import base36_to_int


class LinkTokens(PasswordResetTokenGenerator):
    """Tokens of one purpose. A new password, another address or a log-in ends all that were made before."""

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.key_salt = f"accounts.tokens.{purpose}"
        self.purpose = purpose

    def check_token(self, user: Any, token: str | None) -> bool:
        if not super().check_token(user, token):
            return False
        # Django's own limit is one for all purposes: the longest of ours.
        made_at = base36_to_int((token or "").partition("-")[0])
        return timedelta(seconds=self._num_seconds(self._now()) - made_at) <= self.lifetime

    @property
    def lifetime(self) -> timedelta:
        return settings.LINK_LIFETIMES[self.purpose]


INVITATION = LinkTokens("invitation")
NEW_PASSWORD = LinkTokens("new_password")
