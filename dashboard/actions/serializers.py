"""What the bodies of closers' actions say."""

from typing import Any

from rest_framework import serializers

from dashboard import bodies
from dashboard.bodies import Flag, Number, PageName, Text, Words
from dashboard.render import presenters

ANSWER_LENGTH = 2_000
DIGEST_LENGTH = 16


class Done(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["success"])


class IsAvailable(Done):
    available = serializers.BooleanField()


class Taken(Done):
    handoff = serializers.UUIDField()
    session = serializers.UUIDField()
    state = serializers.CharField()
    standby = serializers.BooleanField()


class Login(Done):
    token = serializers.CharField()
    username = serializers.CharField()
    expires_at = serializers.DateTimeField()


class Availability(serializers.Serializer[Any]):
    available = Flag()


class Take(serializers.Serializer[Any]):
    immediately = Flag()


class Assign(serializers.Serializer[Any]):
    closer = Number()


class Steer(serializers.Serializer[Any]):
    text = Words(max_length=bodies.STEER_LENGTH)


class HandBack(serializers.Serializer[Any]):
    instruction = Text(max_length=bodies.INSTRUCTION_LENGTH)


class Notes(serializers.Serializer[Any]):
    notes = Text(max_length=bodies.NOTES_LENGTH)


class Complete(serializers.Serializer[Any]):
    disposition = Text(max_length=bodies.DISPOSITION_LENGTH)

    def validate_disposition(self, value: str) -> str:
        if value not in presenters.DISPOSITION_LABELS:
            raise serializers.ValidationError("Choose one of the outcomes.")
        return value


class SoftphoneLogin(serializers.Serializer[Any]):
    renew = Flag(default=False)
    page = PageName()


# Which value of an answer is meant is told by its digest, as the page was told it; "" for none.
class Edit(serializers.Serializer[Any]):
    value = Text(max_length=ANSWER_LENGTH)
    seen = Text(max_length=DIGEST_LENGTH)


class Use(serializers.Serializer[Any]):
    heard = Text(max_length=DIGEST_LENGTH)
    seen = Text(max_length=DIGEST_LENGTH)


class Dismiss(serializers.Serializer[Any]):
    heard = Text(max_length=DIGEST_LENGTH)
