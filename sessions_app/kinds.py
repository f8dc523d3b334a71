"""The kinds of entry of a timeline. Pure.

What a closer reads of each stands in `dashboard/render/entries.py`, which parts of their page it touches in
`dashboard/render/fragments.py`.
"""

from enum import StrEnum


class Kind(StrEnum):
    SESSION_CREATED = "session.created"
    SESSION_DESCRIBED = "session.described"
    SESSION_TYPED = "session.typed"
    SESSION_ENDED = "session.ended"

    CALL_INITIATED = "call.initiated"
    CALL_ANSWERED = "call.answered"
    CALL_HANGUP = "call.hangup"

    ASSISTANT_STARTED = "assistant.started"
    ASSISTANT_ENDED = "assistant.ended"
    ASSISTANT_FELL_SHORT = "assistant.fell_short"
    ASSISTANT_STEERED = "assistant.steered"

    TOOL_CALLED = "tool.called"

    FIELD_CAPTURED = "field.captured"
    FIELD_EDITED = "field.edited"
    FIELD_UNLOCKED = "field.unlocked"
    FIELD_DISMISSED = "field.dismissed"
    FIELD_HEARD = "field.heard"

    INSIGHT_AWAITED = "insight.awaited"
    INSIGHT_RECEIVED = "insight.received"
    INSIGHT_MISSING = "insight.missing"

    TRANSCRIPT_FINALISED = "transcript.finalised"
    TRANSCRIPT_WITHHELD = "transcript.withheld"
    TRANSCRIPT_UPDATED = "transcript.updated"

    HANDOFF_TRIGGERED = "handoff.triggered"
    HANDOFF_OFFERED = "handoff.offered"
    HANDOFF_ASSIGNED = "handoff.assigned"
    HANDOFF_DECLINED = "handoff.declined"
    HANDOFF_UNANSWERED = "handoff.unanswered"
    HANDOFF_ACCEPTED = "handoff.accepted"
    HANDOFF_LINE_SOUGHT = "handoff.line_sought"
    HANDOFF_LINE_FOUND = "handoff.line_found"
    HANDOFF_QUEUED = "handoff.queued"
    HANDOFF_BUSY = "handoff.busy"
    HANDOFF_LINE_FREE = "handoff.line_free"
    HANDOFF_SEATED = "handoff.seated"
    HANDOFF_TAKEN_OVER = "handoff.taken_over"
    HANDOFF_BRIDGING = "handoff.bridging"
    HANDOFF_CONNECTED = "handoff.connected"
    HANDOFF_DROPPED = "handoff.dropped"
    HANDOFF_HANDED_BACK = "handoff.handed_back"
    HANDOFF_RELEASED = "handoff.released"
    HANDOFF_COMPLETED = "handoff.completed"
    HANDOFF_ABANDONED = "handoff.abandoned"
    HANDOFF_FAILED = "handoff.failed"

    CALLBACK_PROMISED = "callback.promised"
    CALLBACK_BOOKED = "callback.booked"
    CALLBACK_CALLED = "callback.called"
    CALLBACK_PAGE_RUNG = "callback.page_rung"
    CALLBACK_UNANSWERED = "callback.unanswered"
    CALLBACK_MISSED = "callback.missed"
    CALLBACK_KEPT = "callback.kept"

    COMMAND_SENT = "command.sent"
    COMMAND_CONFIRMED = "command.confirmed"
    COMMAND_FAILED = "command.failed"

    NOTES_SAVED = "notes.saved"

    MEDIA_REPORTED = "media.reported"

    PROSPECT_REJOINS = "prospect.rejoins"
