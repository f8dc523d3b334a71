"""“Import assistants from Telnyx” on the list of widgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import slugify

from accounts.staff import Asks
from sessions_app.models import Team, WidgetConfig
from sessions_app.models.people import AssistantRun, ConnectionMode
from sessions_app.visits import carrier
from strict_json import mapping, objects, text
from telephony.client import AccountObject, Kind, TelnyxError

if TYPE_CHECKING:  # Django's classes are generic for the type checker alone.
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

IMPORT = "import"


@dataclass(frozen=True)
class Listed:
    """An assistant of the account, as the page shows it."""

    id: str
    name: str
    model: str
    is_open: bool
    tools: str
    used_by: str

    @classmethod
    def of(cls, found: AccountObject, widgets: Sequence[WidgetConfig]) -> "Listed":
        given = found.settings
        tools = [*map(tool_name, objects(given.get("tools"))), *(["MCP"] if objects(given.get("mcp_servers")) else [])]
        return cls(
            id=found.id,
            name=found.name or found.id,
            model=text(given.get("model")),
            is_open=mapping(given.get("telephony_settings")).get("supports_unauthenticated_web_calls") is True,
            tools=", ".join(tools),
            used_by=", ".join(widget.name for widget in widgets if widget.assistant_id == found.id),
        )


def tool_name(tool: dict[str, Any]) -> str:
    """The tool's own name where it has one, as webhooks do, else its type."""
    kind = text(tool.get("type"))
    return text(mapping(tool.get(kind)).get("name")) or kind


class ImportForm(forms.Form):
    assistant = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose an assistant.",
            "invalid_choice": "The account does not have this assistant any more.",
        },
    )
    widget = forms.ModelChoiceField(
        WidgetConfig.objects.select_related("team"), required=False, empty_label="A new widget, not active yet"
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, help_text="Of a new widget; one that exists keeps its own."
    )

    def __init__(self, *args: Any, listed: Sequence[Listed], may_add: bool, may_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["assistant"].choices = [(one.id, one.name) for one in listed]
        widget = fields["widget"]
        if not may_change:
            widget.queryset = WidgetConfig.objects.none()
        if not may_add:
            widget.required, widget.empty_label = True, "Choose a widget"

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not given.get("widget") and not given.get("team"):
            self.add_error("team", "A new widget belongs to a team.")
        return given

    def widget_with_assistant(self, listed: Sequence[Listed]) -> WidgetConfig:
        """Return the chosen widget, or a new one, unsaved. Raises ValidationError."""
        chosen = next(one for one in listed if one.id == self.cleaned_data["assistant"])
        widget: WidgetConfig = self.cleaned_data["widget"] or new_widget(chosen, self.cleaned_data["team"])
        widget.assistant_id = chosen.id
        widget.clean_fields()
        return widget


def new_widget(chosen: Listed, team: Team) -> WidgetConfig:
    """A widget that nobody can use until an administrator has looked at it."""
    return WidgetConfig(
        team=team,
        name=chosen.name[:80],
        slug=free_slug(chosen.name),
        is_active=False,
        assistant_run=AssistantRun.ASSISTANT,
    )


def free_slug(name: str) -> str:
    wanted = slugify(name)[:40] or "assistant"
    taken = set(WidgetConfig.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(slug for slug in (wanted, *(f"{wanted}-{number}" for number in range(2, 10_000))) if slug not in taken)


class AssistantImport(Asks, ModelAdmin):
    """For the list of widgets."""

    change_list_template = "admin/sessions_app/widgetconfig/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_assistants)
        return [path("import-assistants/", view, name="sessions_app_widgetconfig_import"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "may_import": self._may_import(request)})

    def import_assistants(self, request: HttpRequest) -> HttpResponse:
        """Show the account's assistants; take the chosen one over. Telnyx is asked outside of any transaction."""
        if not self._may_import(request):
            raise PermissionDenied
        listed, trouble = account_assistants()
        form = ImportForm(
            request.POST or None,
            listed=listed,
            may_add=self.has_add_permission(request),
            may_change=self.has_change_permission(request),
        )
        if request.method == "POST" and not trouble and form.is_valid():
            try:
                return self._take_over(request, form.widget_with_assistant(listed), listed)
            except ValidationError as error:
                form.add_error(None, "; ".join(error.messages))
        context = {
            **self.admin_site.each_context(request),
            "title": "Import assistants from Telnyx",
            "opts": self.opts,
            "form": form,
            "listed": listed,
            "trouble": trouble,
        }
        return TemplateResponse(request, "admin/sessions_app/widgetconfig/import_assistants.html", context)

    def _may_import(self, request: HttpRequest) -> bool:
        is_permitted = self.has_add_permission(request) or self.has_change_permission(request)
        return self.may(request, IMPORT, is_permitted=is_permitted)

    def _take_over(self, request: HttpRequest, widget: WidgetConfig, listed: Sequence[Listed]) -> HttpResponse:
        is_new = widget.pk is None
        widget.save(update_fields=None if is_new else ["assistant_id"])
        if is_new:
            self.log_addition(request, widget, [{"added": {}}])
        else:
            self.log_change(request, widget, [{"changed": {"fields": ["assistant id"]}}])
        messages.success(request, f"The widget “{widget}” has the assistant {widget.assistant_id}.")
        is_open = any(one.is_open for one in listed if one.id == widget.assistant_id)
        if widget.connection_mode == ConnectionMode.ANONYMOUS and not is_open:
            messages.warning(
                request,
                "The widget is anonymous, and this assistant lets no browser in without a credential. "
                "manage.py telnyx_provision opens it.",
            )
        return redirect("admin:sessions_app_widgetconfig_change", widget.pk)


def account_assistants() -> tuple[list[Listed], str]:
    """Return the assistants of the account, by name, or none and why."""
    if not settings.TELNYX_API_KEY:
        return [], "TELNYX_API_KEY is empty, so there is no account to ask."
    try:
        found = carrier.client().account_objects(Kind.ASSISTANT)
    except TelnyxError as error:
        return [], f"Telnyx did not tell: {error}."
    widgets = list(WidgetConfig.objects.order_by("name"))
    return sorted((Listed.of(one, widgets) for one in found), key=lambda one: (one.name.lower(), one.id)), ""
