"""Socket addresses of the dashboard."""

from django.urls import path

from dashboard.live.consumers import DashboardConsumer

websocket_urlpatterns = [path("ws/dashboard/", DashboardConsumer.as_asgi())]  # type: ignore[arg-type]  # ASGI, not a view
