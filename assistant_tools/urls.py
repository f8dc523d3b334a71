"""One address for each tool, so that one which is not there is not found."""

from django.urls import path

from assistant_tools import webhooks
from sessions_app.conversation.tool_catalogue import CATALOGUE, DOOR

urlpatterns = [
    path(f"{DOOR}{name}".removeprefix("/"), webhooks.use, {"name": name}, name=f"tool-{name.replace('_', '-')}")
    for name in CATALOGUE
]
