"""One address for each tool, so that one which is not there is not found."""

from django.urls import path

from assistant_tools import webhooks
from assistant_tools.catalogue import CATALOGUE

urlpatterns = [
    path(f"webhooks/telnyx/tools/{name}", webhooks.use, {"name": name}, name=f"tool-{name.replace('_', '-')}")
    for name in CATALOGUE
]
