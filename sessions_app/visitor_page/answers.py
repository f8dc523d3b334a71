"""What the JSON addresses of the page answer, as the schema tells it."""

from typing import Any

from rest_framework import serializers


class Done(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["success"])


class Credentials(serializers.Serializer[Any]):
    username = serializers.CharField()
    password = serializers.CharField()
    expires = serializers.DateTimeField()
    token = serializers.CharField()


class Session(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    token = serializers.CharField()
    ticket = serializers.CharField()


class Minted(Done):
    """`credentials` is null where the call is to be placed without a login, or none is placed."""

    credentials = Credentials(allow_null=True)
    session = Session()


class Rejoined(Done):
    credentials = Credentials()


class Renewal(serializers.Serializer[Any]):
    token = serializers.CharField()
    expires = serializers.DateTimeField()


class Renewed(Done):
    credentials = Renewal()


class Lines(Done):
    free = serializers.BooleanField()


class Due(Done):
    due_at = serializers.DateTimeField()
