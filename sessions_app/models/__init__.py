"""Who is talking and what happened."""

from sessions_app.models.account import AccountLook, LegRefusal
from sessions_app.models.learnt import CapturedField, FieldValue
from sessions_app.models.people import Prospect, Team, WidgetConfig
from sessions_app.models.questions import GatherVersion
from sessions_app.models.record import (
    Epoch,
    Insight,
    TimelineEntry,
    TranscriptTurn,
    WebhookDelivery,
)
from sessions_app.models.search import SearchDocument
from sessions_app.models.signing import AccountKey
from sessions_app.models.tools import ToolCall
from sessions_app.models.visit import CallLeg, Consent, Run, TelephonyCredential, VoiceSession

__all__ = [
    "AccountKey",
    "AccountLook",
    "CallLeg",
    "CapturedField",
    "Consent",
    "Epoch",
    "FieldValue",
    "GatherVersion",
    "Insight",
    "LegRefusal",
    "Prospect",
    "Run",
    "SearchDocument",
    "Team",
    "TelephonyCredential",
    "TimelineEntry",
    "ToolCall",
    "TranscriptTurn",
    "VoiceSession",
    "WebhookDelivery",
    "WidgetConfig",
]
