"""People with accounts, and the mail that they get."""

import re

from django.core import mail
from django.test import Client

ASK = "/accounts/password-reset/"
CHOSEN = "a very long password"


def links() -> list[str]:
    """The paths of the links that were sent, in order."""
    found = [re.findall(r"^http://127\.0\.0\.1:9(/\S+)$", str(one.body), re.MULTILINE) for one in mail.outbox]
    return [link for (link,) in found]


def choose(client: Client, link: str, password: str = CHOSEN) -> bool:
    """Follow a link as a browser does and choose a password; say whether that was possible."""
    form = client.get(link)
    if form.status_code != 302:
        assert "This link no longer works" in form.content.decode()
        return False
    chosen = client.post(form["Location"], {"new_password1": password, "new_password2": password})
    return bool(chosen.status_code == 302 and chosen["Location"] == "/accounts/password-set/")
