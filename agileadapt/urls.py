"""Every HTTP address."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="/dashboard/")),
    # The administration shows its own link to an address of this name.
    path("admin/password_reset/", RedirectView.as_view(pattern_name="password_reset"), name="admin_password_reset"),
    path("admin/", admin.site.urls),
    path("", include("sessions_app.urls")),
    path("", include("handoff.urls")),
    path("", include("assistant_tools.urls")),
    path("", include("dashboard.urls")),
    path("", include("probe.urls")),
]
