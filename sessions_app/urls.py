"""The prospect's addresses, and Telnyx's."""

from django.urls import path

from sessions_app.inbox import webhooks
from sessions_app.visitor_page import views

urlpatterns = [
    path("webhooks/telnyx/call-control", webhooks.deliver, {"door": "call-control"}, name="call-control"),
    path("webhooks/telnyx/insights", webhooks.deliver, {"door": "insights"}, name="insights"),
    path("w/<slug:slug>/", views.widget_page, name="widget"),
    path("api/orchestration/token", views.TokenView.as_view(), name="token"),
    path("api/orchestration/lines", views.LinesView.as_view(), name="lines"),
    path("api/orchestration/rejoin", views.RejoinView.as_view(), name="rejoin"),
    path("api/orchestration/renew", views.RenewView.as_view(), name="renew"),
    path("api/orchestration/heard", views.HeardView.as_view(), name="heard"),
]
