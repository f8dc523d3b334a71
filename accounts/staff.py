"""What the table lets an account do as staff."""

from django.contrib.auth.models import AnonymousUser

from accounts import roles
from accounts.models import User
from accounts.roles import Action, Role


def may(user: User | AnonymousUser, action: Action, *, is_permitted: bool = False) -> bool:
    """Whether somebody may do this in the administration; `is_permitted` says what Django's permissions say."""
    if not user.is_active or not user.is_staff:
        return False
    role = Role.SUPERUSER if user.is_superuser else Role.STAFF
    return roles.may({role}, action, is_permitted=is_permitted)
