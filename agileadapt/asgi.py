"""The ASGI application: HTTP through Django, sockets through Channels."""

import gc
import os
import threading
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agileadapt.settings")
http = get_asgi_application()

# These import models, which only works once Django is set up.
import dashboard.routing  # noqa: E402
import sessions_app.routing  # noqa: E402
from assistant_tools import server as mcp  # noqa: E402
from handoff.events import dynamic_variables  # noqa: E402
from sessions_app.http import uploads  # noqa: E402
from sessions_app.inbox.door import LANES, Door  # noqa: E402
from sessions_app.inbox.service import InboxService  # noqa: E402
from sessions_app.visits import carrier  # noqa: E402


def load_sdk() -> None:
    """In the background: the server answers at once and the first token does not pay the SDK's seconds of loading."""
    carrier.warm()
    # What is loaded stays. A full collection that looks through it holds everything up for a fifth of a second.
    gc.collect()
    gc.freeze()


threading.Thread(target=load_sdk, name="load-sdk", daemon=True).start()

MCP_PATH = "/mcp/"
door = Door(InboxService(), {**LANES, dynamic_variables.PATH: dynamic_variables.lane()})


async def by_path(scope: Any, receive: Any, send: Any) -> None:
    """Webhooks and tools are ASGI applications of their own; everything else is Django's."""
    if scope["path"] in door.lanes:
        await door(scope, receive, send)
    else:
        await (mcp.application if scope["path"] == MCP_PATH else http)(scope, receive, send)


web = uploads.Bounded(by_path)


application = ProtocolTypeRouter(
    {
        "http": web,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(
                # Channels' own patterns are Django's, with an ASGI application in the place of the view.
                URLRouter([*sessions_app.routing.websocket_urlpatterns, *dashboard.routing.websocket_urlpatterns])  # type: ignore[list-item]
            )
        ),
    }
)
