"""Every HTTP address."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="/dashboard/")),
    path("admin/", admin.site.urls),
    path("", include("sessions_app.urls")),
    path("", include("handoff.urls")),
    path("", include("assistant_tools.urls")),
    path("", include("dashboard.urls")),
    path("", include("probe.urls")),
]
