"""Addresses of a probe: its page for staff who may run it, and a tool for Telnyx."""

from django.urls import path

from probe import views

urlpatterns = [
    path("probe/<uuid:probe_id>/", views.page, name="probe"),
    path("probe/<uuid:probe_id>/turn", views.turn, name="probe-turn"),
    path("probe/<uuid:probe_id>/login", views.login, name="probe-login"),
    path("webhooks/telnyx/probe/<str:ticket>", views.tool, name="probe-tool"),
]
