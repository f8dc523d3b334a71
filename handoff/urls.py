"""What the prospect's page asks of the hand-over, and the probes."""

from django.urls import path

from handoff import views
from handoff.health.views import live, ready

urlpatterns = [
    path("health/live", live, name="live"),
    path("health/ready", ready, name="ready"),
    path("api/orchestration/message", views.MessageView.as_view(), name="message"),
    path("api/orchestration/request", views.RequestView.as_view(), name="request"),
    path("api/orchestration/leave", views.LeaveView.as_view(), name="leave"),
    path("api/orchestration/report", views.ReportView.as_view(), name="report"),
    path("api/orchestration/claim", views.ClaimView.as_view(), name="claim"),
    path("api/orchestration/callback", views.CallbackView.as_view(), name="callback"),
]
