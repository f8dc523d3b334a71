"""The prospect's socket."""

from django.urls import path

from sessions_app.visitor_page.consumers import ProspectConsumer

websocket_urlpatterns = [path("ws/prospect/", ProspectConsumer.as_asgi())]  # type: ignore[arg-type]  # ASGI, not a view
