"""Closers, hand-overs and their attempts, offers, commands to Telnyx and promises to call back."""

from handoff.models.attempt import Attempt, Measures
from handoff.models.callback import CallbackPromise, Pulse
from handoff.models.command import Command
from handoff.models.handoff import Handoff, Offer
from handoff.models.inquiry import Inquiry
from handoff.models.people import HEARTBEAT_TIMEOUT, Closer, RoutingPolicy

__all__ = [
    "HEARTBEAT_TIMEOUT",
    "Attempt",
    "CallbackPromise",
    "Closer",
    "Command",
    "Handoff",
    "Inquiry",
    "Measures",
    "Offer",
    "Pulse",
    "RoutingPolicy",
]
