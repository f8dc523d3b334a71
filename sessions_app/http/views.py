"""What all views of the framework share here."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.roles import Action


class AskingView(APIView):
    """`asks` is what the view lets people do.

    It calls `check_throttles` itself, after it has looked at the body: a request that says nothing costs nothing.
    """

    asks: ClassVar[Action]
    # What the schema says of it: a body, answers by status, statuses of refusals.
    takes: ClassVar[type[Serializer[Any]] | None] = None
    gives: ClassVar[Mapping[int, type[Serializer[Any]] | None]] = {}
    refuses: ClassVar[tuple[int, ...]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As the framework does, but for the throttles."""
        self.format_kwarg = self.get_format_suffix(**kwargs)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.check_permissions(request)
