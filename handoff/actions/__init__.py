"""What others may ask of the hand-over: the closer's clicks and the prospect's page."""

from handoff.actions.answers import dismiss_answer, edit_answer, unlock_answer, use_answer
from handoff.actions.appointments import book_callback
from handoff.actions.callbacks import call_back, keep_promise, promise_callback
from handoff.actions.calls import assign, complete, hang_up, save_notes, take, take_over
from handoff.actions.presence import (
    SoftphoneLogin,
    back,
    report_presence,
    ring_once_more,
    set_available,
    softphone_login,
)
from handoff.actions.reports import report_handover, report_quality
from handoff.actions.rings import accept, decline
from handoff.actions.steering import hand_back, request_handoff, steer
from handoff.actions.visitor import answers_saved, claim_call, pass_message, report_limit
from handoff.errors import ActionRefused

__all__ = [
    "ActionRefused",
    "SoftphoneLogin",
    "accept",
    "answers_saved",
    "assign",
    "back",
    "book_callback",
    "call_back",
    "claim_call",
    "complete",
    "decline",
    "dismiss_answer",
    "edit_answer",
    "hand_back",
    "hang_up",
    "keep_promise",
    "pass_message",
    "promise_callback",
    "report_handover",
    "report_limit",
    "report_presence",
    "report_quality",
    "request_handoff",
    "ring_once_more",
    "save_notes",
    "set_available",
    "softphone_login",
    "steer",
    "take",
    "take_over",
    "unlock_answer",
    "use_answer",
]
