"""What the table lets an account do as staff, and the pages of the administration that ask it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts import roles
from accounts.models import User
from accounts.roles import Action, Role

if TYPE_CHECKING:  # Django's classes are generic for the type checker alone.
    from django.contrib.admin.options import BaseModelAdmin

    Base = BaseModelAdmin[Any]
else:
    Base = object

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"


def edited(action: Action) -> dict[str, Action]:
    """What is asked where whoever may change rows may do everything with them."""
    return dict.fromkeys((VIEW, ADD, CHANGE, DELETE), action)


def may(user: User | AnonymousUser, action: Action, *, is_permitted: bool = False) -> bool:
    """Whether somebody may do this in the administration; `is_permitted` says what Django's permissions say."""
    if not user.is_active or not user.is_staff:
        return False
    role = Role.SUPERUSER if user.is_superuser else Role.STAFF
    return roles.may({role}, action, is_permitted=is_permitted)


class Asks(Base):
    """Rows in the administration. Django's permissions are asked first, and the table says how far they reach."""

    # By what is done with a row; other names are those of the page's own actions and addresses.
    asks: ClassVar[Mapping[str, Action]]
    # Of lists, as Django has them.
    list_filter: ClassVar[Any]
    search_fields: ClassVar[Any]
    date_hierarchy: ClassVar[Any]

    def may(self, request: HttpRequest, what: str, *, is_permitted: bool = False) -> bool:
        return may(request.user, self.asks[what], is_permitted=is_permitted)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, VIEW, is_permitted=super().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.may(request, ADD, is_permitted=super().has_add_permission(request, *args))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, CHANGE, is_permitted=super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, DELETE, is_permitted=super().has_delete_permission(request, obj))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only by what a list filters and searches: any other column could be guessed, letter by letter."""
        filters = [one if isinstance(one, str) else one[0] for one in self.list_filter]
        named = {*filters, *self.search_fields, self.date_hierarchy}
        is_named = any(name and (lookup == name or lookup.startswith(f"{name}__")) for name in named)
        return is_named and super().lookup_allowed(lookup, value, request)


def is_within_reach(user: User | AnonymousUser, other: User | None) -> bool:
    """Whether somebody may change that account at all; None is any.

    Another address or password would make an account, and with it its rights, one's own.
    """
    if other is None or may(user, Action.RIGHTS_GIVE):
        return True
    # The row of a closer is the hand-over's, which stands above this app.
    is_supervisor = getattr(getattr(other, "closer", None), "is_supervisor", False)
    return not (other.is_staff or other.is_superuser or is_supervisor)
