"""The kinds of command, and what hangs on each. Pure.

A new kind needs its sender in `sending`, and its meaning in `events/command_results` if its answer matters.
"""

from enum import StrEnum


class CommandKind(StrEnum):
    ANSWER = "answer"
    START_GATHER = "start_gather"
    START_ASSISTANT = "start_assistant"
    STOP_ASSISTANT = "stop_assistant"
    ADD_MESSAGE = "add_message"
    SPEAK = "speak"
    DIAL = "dial"
    LISTEN = "listen"
    CALL_PROSPECT = "call_prospect"
    TRANSFER = "transfer"
    BRIDGE = "bridge"
    CREATE_CONFERENCE = "create_conference"
    JOIN_CONFERENCE = "join_conference"
    LEAVE_CONFERENCE = "leave_conference"
    HANG_UP = "hang_up"
    LOOK_UP = "look_up"
    LOOK_UP_LINE = "look_up_line"
    FETCH_ASSISTANT = "fetch_assistant"
    FETCH_TRANSCRIPT = "fetch_transcript"
    FETCH_INSIGHTS = "fetch_insights"


# By these an assistant begins.
STARTS = frozenset({CommandKind.START_GATHER, CommandKind.START_ASSISTANT})
# By these a closer and a prospect are brought together: each belongs to one attempt of a hand-over.
JOINS = frozenset(
    {
        CommandKind.DIAL,
        CommandKind.CALL_PROSPECT,
        CommandKind.TRANSFER,
        CommandKind.LOOK_UP_LINE,
        CommandKind.BRIDGE,
        CommandKind.CREATE_CONFERENCE,
        CommandKind.JOIN_CONFERENCE,
    }
)
CALLS_CLOSER = frozenset({CommandKind.DIAL, CommandKind.TRANSFER, CommandKind.LISTEN})
# These meet the account's limit of calls at once.
# https://developers.telnyx.com/docs/voice/sip-trunking/configuration/concurrent-limits
NEEDS_LEG = CALLS_CLOSER | {CommandKind.ANSWER, CommandKind.CALL_PROSPECT}
# These read what Telnyx keeps of a conversation and change nothing, so the timeline does not tell of them.
READS = frozenset({CommandKind.FETCH_ASSISTANT, CommandKind.FETCH_TRANSCRIPT, CommandKind.FETCH_INSIGHTS})
# Nobody's line waits for these: whatever moves a call overtakes them where workers are few.
CAN_WAIT = READS | {CommandKind.ADD_MESSAGE}
OF_RECORD = (CommandKind.FETCH_TRANSCRIPT, CommandKind.FETCH_INSIGHTS)
