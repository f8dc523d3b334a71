"""Read SIP addresses as events name them: bare, with a scheme, a domain, a display name or parameters."""

import re

# The longest user name that a credential has here; a longer text names nobody.
MAX_USER_CHARS = 100

_ADDRESS = re.compile(r"(?:[^<]*<)?(?:sips?:)?([^@;>]*)", re.IGNORECASE)


def user(address: str) -> str:
    """Return the user of an address, or the number: “gencred7x” of “sip:gencred7x@sip.telnyx.com”; "" for none."""
    found = _ADDRESS.match(address[:500].strip())
    name = found.group(1).strip() if found else ""
    return name if len(name) <= MAX_USER_CHARS else ""


def users(*addresses: str) -> frozenset[str]:
    """Return the users that any of the addresses names."""
    return frozenset(filter(None, map(user, addresses)))
