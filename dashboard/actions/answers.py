"""What a closer may do with one answer of a visit."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.roles import Action
from dashboard.actions import serializers
from dashboard.actions.base import CloserAction, done
from handoff import actions

# Four bytes for a character, and as many again for escapes.
MAX_BYTES = 8 * serializers.ANSWER_LENGTH


class Edit(CloserAction):
    asks = Action.ANSWER_EDIT
    takes = serializers.Edit
    most_bytes = MAX_BYTES

    def post(self, request: Request, session_id: UUID, name: str) -> HttpResponse:
        said = self.said(request)
        actions.edit_answer(
            session_id, name, closer=self.closer, text=said["value"], seen=said["seen"], now=timezone.now()
        )
        return done()


class Use(CloserAction):
    asks = Action.ANSWER_USE
    takes = serializers.Use
    most_bytes = MAX_BYTES

    def post(self, request: Request, session_id: UUID, name: str) -> HttpResponse:
        said = self.said(request)
        actions.use_answer(
            session_id, name, closer=self.closer, heard=said["heard"], seen=said["seen"], now=timezone.now()
        )
        return done()


class Dismiss(CloserAction):
    asks = Action.ANSWER_DISMISS
    takes = serializers.Dismiss
    most_bytes = MAX_BYTES

    def post(self, request: Request, session_id: UUID, name: str) -> HttpResponse:
        heard = self.said(request)["heard"]
        actions.dismiss_answer(session_id, name, closer=self.closer, heard=heard, now=timezone.now())
        return done()


class Unlock(CloserAction):
    asks = Action.ANSWER_UNLOCK

    def post(self, request: Request, session_id: UUID, name: str) -> HttpResponse:
        actions.unlock_answer(session_id, name, closer=self.closer, now=timezone.now())
        return done()
