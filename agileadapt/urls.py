"""Every HTTP address."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.roles import Action, asks
from agileadapt import api_schema
from dashboard.pages import sign_in

urlpatterns = [
    path("", asks(Action.ACCOUNT_SIGN_IN)(RedirectView.as_view(url="/dashboard/"))),
    # The administration shows its own link to an address of this name.
    path(
        "admin/password_reset/",
        asks(Action.LINK_ASK)(RedirectView.as_view(pattern_name="password_reset")),
        name="admin_password_reset",
    ),
    path("admin/login/", sign_in.limited(admin.site.login)),
    path("admin/", admin.site.urls),
    path("api/schema/", api_schema.Schema.as_view(), name="schema"),
    path("api/schema/page/", api_schema.page, name="schema-page"),
    path("", include("sessions_app.urls")),
    path("", include("handoff.urls")),
    path("", include("assistant_tools.urls")),
    path("", include("dashboard.urls")),
    path("", include("probe.urls")),
]
