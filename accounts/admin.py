"""Accounts and their rights."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.http import HttpRequest

from accounts.models import User

if TYPE_CHECKING:  # Django's classes are generic for the type checker alone.
    Page = DjangoUserAdmin[User]
    ChangeForm = UserChangeForm[User]
    Form = forms.ModelForm[User]
else:
    Page, ChangeForm, Form = DjangoUserAdmin, UserChangeForm, forms.ModelForm

RIGHTS = ["is_staff", "is_superuser", "groups", "user_permissions"]


class AccountChangeForm(ChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type[forms.Field]] = {}


class NewAccountForm(Form):
    """An account without a password."""

    class Meta:
        model = User
        fields = ["email", "name", "time_zone"]


@admin.register(User)
class UserAdmin(Page):
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
    add_fieldsets = [(None, {"fields": ["email", "name", "time_zone"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        # Whoever may change accounts must not give themselves more rights by that.
        return [*self.readonly_fields, *([] if request.user.is_superuser else RIGHTS)]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return _is_within_reach(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return _is_within_reach(request, obj) and super().has_delete_permission(request, obj)

    @admin.display(description="password", boolean=True)
    def has_password(self, user: User) -> bool:
        return user.has_usable_password()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


def _is_within_reach(request: HttpRequest, user: User | None) -> bool:
    """Another address or password would make a superuser's account one's own."""
    return user is None or not user.is_superuser or bool(request.user.is_superuser)
