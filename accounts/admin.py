"""Accounts, their rights and their invitations."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from kombu.exceptions import OperationalError

from accounts import tasks
from accounts.models import User
from accounts.roles import Action
from accounts.staff import DELETE, Asks, edited, is_within_reach, may

if TYPE_CHECKING:  # Django's classes are generic for the type checker alone.
    Page = DjangoUserAdmin[User]
    ChangeForm = UserChangeForm[User]
    Form = forms.ModelForm[User]
else:
    Page, ChangeForm, Form = DjangoUserAdmin, UserChangeForm, forms.ModelForm

INVITE = "invite"
RIGHTS = ["is_staff", "is_superuser", "groups", "user_permissions"]


class AccountChangeForm(ChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type[forms.Field]] = {}


class NewAccountForm(Form):
    """An account without a password: the person is invited to choose one."""

    class Meta:
        model = User
        fields = ["email", "name", "time_zone"]


@admin.register(User)
class UserAdmin(Asks, Page):
    asks = {**edited(Action.ACCOUNT_CHANGE), DELETE: Action.ACCOUNT_DELETE, INVITE: Action.ACCOUNT_INVITE}
    form = AccountChangeForm
    add_form = NewAccountForm
    add_form_template = None
    list_display = ["email", "name", "has_password", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "groups"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        ("Person", {"fields": ["name", "time_zone"]}),
        ("Rights", {"fields": ["is_active", *RIGHTS]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "description": "A link goes to this address, by which the person chooses their password. "
                "Whoever takes calls also needs a closer's entry, with a team.",
                "fields": ["email", "name", "time_zone"],
            },
        )
    ]
    actions = ["invite"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        # Whoever may change accounts must not give themselves more rights by that.
        return [*self.readonly_fields, *([] if may(request.user, Action.RIGHTS_GIVE) else RIGHTS)]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return is_within_reach(request.user, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return is_within_reach(request.user, obj) and super().has_delete_permission(request, obj)

    @admin.display(description="password", boolean=True)
    def has_password(self, user: User) -> bool:
        return user.has_usable_password()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change:
            transaction.on_commit(lambda: self._invite(request, obj))

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return self.may(request, INVITE, is_permitted=self.has_add_permission(request))

    @admin.action(description="Send an invitation again", permissions=[INVITE])
    def invite(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if not is_within_reach(request.user, user):
                self.message_user(request, f"{user.email} is invited by superusers alone.", messages.WARNING)
            elif user.is_active and not user.has_usable_password():
                self._invite(request, user)
            else:
                self.message_user(
                    request,
                    f"Nothing was sent to {user.email}, who has a password or may not log in.",
                    messages.WARNING,
                )

    def _invite(self, request: HttpRequest, user: User) -> None:
        try:
            tasks.send_invitation.apply_async((user.pk,), retry=False)
        except OperationalError:
            text = f"The account is there, but nothing could be sent to {user.email}. Send the invitation again later."
            self.message_user(request, text, messages.ERROR)
        else:
            self.message_user(request, f"An invitation is on its way to {user.email}.")


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(Asks, DjangoGroupAdmin):
    """For superusers alone: who may change a group could give any right to its members, and be one."""

    asks = edited(Action.RIGHTS_GIVE)
