"""How views are described: from the body that each takes and the answers that it gives."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class Refusal(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["error"])
    message = serializers.CharField()
    code = serializers.CharField(required=False)


class Described(AutoSchema):
    def get_request_serializer(self) -> Any:
        return getattr(self.view, "takes", None)

    def get_response_serializers(self) -> Any:
        refusals = dict.fromkeys(getattr(self.view, "refuses", ()), Refusal)
        return {**refusals, **getattr(self.view, "gives", {})}
