"""The dashboard's live socket: join first, then snapshot or replay, then numbered events without a gap."""

import asyncio
import contextlib
import logging
from typing import Any

from django.utils import timezone

from dashboard import permissions
from dashboard.live import limits, reads
from dashboard.live.frames import BadFrame, Hello, Ping, Presence, Watch, parse
from dashboard.live.line import Line
from dashboard.live.reads import Frames
from dashboard.render import desk, roster, snapshot
from dashboard.render.frames import encode
from handoff import actions
from handoff.selectors import Closer
from sessions_app.http import sockets
from sessions_app.kinds import Kind
from sessions_app.timeline import groups

logger = logging.getLogger(__name__)

BEAT_SECONDS = 10
TEAM_PAUSE_SECONDS = 0.02
POSITIONS_SECONDS = 25
# A roster that was read so lately is good enough to repair a lost push with.
ROSTER_SECONDS = 10
ACCOUNT_SECONDS = 50
# Signing out announces itself before the login session is gone, so a revoked socket looks twice.
SECOND_LOOK_SECONDS = 0.5

# The closer's phone stops listening in when the lines are being joined, and the page measures from then on.
PHONE_MOVES = frozenset({Kind.HANDOFF_BRIDGING, Kind.HANDOFF_CONNECTED})

_open = sockets.OpenSockets()


class DashboardConsumer(Line):
    """One closer's page. Handlers and the timer take turns, so that positions only ever move forward."""

    async def connect(self) -> None:
        self.positions: dict[str, int] | None = None
        self.watching: str | None = None
        self.ring: dict[str, Any] | None = None
        # The roster that the page shows, which sockets share, and the hash of its desk.
        self.told: roster.State | None = None
        self.last_desk = 0
        self.is_busy = False
        # The sessions of the closer's own ring and call: whatever happens there may change them.
        self.own: set[str] = set()
        self.is_look_due = self.is_team_due = False
        self.looking: asyncio.Task[None] | None = None
        self.epoch = ""
        # What was pushed and is not passed on yet: of each session the newest number, and every kind.
        self.pushed: dict[str, tuple[int, frozenset[str]]] = {}
        self.following: asyncio.Task[None] | None = None
        self.turn = asyncio.Lock()
        try:
            self.closer = await self._closer()
        except permissions.NoAccess as refusal:
            await self.close(code=refusal.code)
            return
        self.user_id, self.team = self.closer.user_id, self.closer.team
        await self.join(groups.team(self.team.pk), groups.user(self.user_id))
        await self.accept()
        oldest = _open.add(self.user_id, self, most=limits.SOCKETS_PER_USER)
        if oldest is not None:
            # Its connection may be going away already.
            with contextlib.suppress(RuntimeError, OSError):
                await oldest.close(code=sockets.MISBEHAVED, reason="Too many dashboards are open.")
        self.start(self._tick())

    async def let_go(self) -> None:
        _open.discard(self.user_id, self)
        await super().let_go()

    # What the page says

    async def obey(self, text: str) -> None:
        try:
            frame = parse(text)
        except BadFrame as error:
            logger.info("dashboard socket of user %s closed: %s", self.user_id, error)
            await self.close(code=sockets.MISBEHAVED)
            return
        if not permissions.may_at_desk(self.closer, frame.asks):
            await self.close(code=permissions.NO_CLOSER)
            return
        async with self.turn:
            match frame:
                case Hello():
                    await self._hello(frame)
                case Watch():
                    await self._watch(frame)
                case Presence():
                    await self._presence(frame)
                case Ping():
                    await self.say({"type": "pong"})

    async def _hello(self, hello: Hello) -> None:
        replay = await self._replay(hello) if hello.epoch else None
        if replay is None:
            taken = await reads.threads.lend(snapshot.take)(self.team, hello.watching)
            self.positions, self.watching, self.epoch = dict(taken.cursors), taken.watching, taken.epoch
            await self.send(text_data=taken.frame())
        else:
            await self.say({"type": "resumed"})
            for session_id, frames in replay:
                await self._pass_on(session_id, frames)
        self.told, self.last_desk = None, 0
        self._look_soon(at_team=True)

    async def _replay(self, hello: Hello) -> list[tuple[str, Frames]] | None:
        """Everything after the page's cursors; None when continuity cannot be proven."""
        epoch, now = await reads.standing(self.team)
        if hello.epoch != epoch or any(now.get(key, -1) < seq for key, seq in hello.cursors.items()):
            return None
        self.epoch, self.watching = epoch, hello.watching if hello.watching in now else None
        if hello.watching != self.watching:
            return None
        missed = {key: hello.cursors.get(key, 0) for key, seq in now.items() if hello.cursors.get(key, 0) < seq}
        replay = [(key, await self._read_on(key, after, now[key])) for key, after in missed.items()]
        if any(frames is None for _, frames in replay):
            return None
        self.positions = dict(hello.cursors)
        return [(key, frames) for key, frames in replay if frames]

    async def _watch(self, watch: Watch) -> None:
        if self.positions is None:
            return
        key, seq, frame = await reads.threads.lend(snapshot.watch_frame)(self.team, watch.session)
        self.watching = key
        if key:
            self.positions.setdefault(key, seq)
        await self.send(text_data=frame)

    async def _presence(self, presence: Presence) -> None:
        must_register = await reads.threads.lend(actions.report_presence)(
            self.closer,
            softphone=presence.softphone,
            microphone=presence.microphone,
            sound=presence.sound,
            page=presence.page,
            username=presence.username,
            now=timezone.now(),
        )
        if must_register:
            # The desk told so too, once. This page was away, or could not, or its login is not the one that is rung.
            await self.say({"type": "register"})

    # What the back end says

    def live_event(self, message: dict[str, Any]) -> None:
        """Only noted here: for a page that takes its time no queue may grow."""
        seq, kinds = self.pushed.get(message["session"], (0, frozenset()))
        self.pushed[message["session"]] = (max(seq, message["seq"]), kinds.union(message["kinds"]))
        if self.following is None or self.following.done():
            self.following = self.start(self._follow())

    async def _follow(self) -> None:
        while self.pushed:
            async with self.turn:
                session_id = next(iter(self.pushed))
                await self._take(session_id, *self.pushed.pop(session_id))

    async def _take(self, session_id: str, seq: int, kinds: frozenset[str]) -> None:
        if self.positions is not None and session_id in self.own and PHONE_MOVES.intersection(kinds):
            await self._send_own(await self._read_own())
        if self.positions is None:
            return
        position = self.positions.get(session_id, 0)
        if seq > position:
            await self._catch_up(session_id, position, seq)
        if any(kind.startswith(("handoff.", "callback.", "command.")) for kind in kinds):
            self._look_soon(at_team=True)
        elif session_id in self.own:
            self._look_soon(at_team=False)

    def live_roster(self, message: dict[str, Any]) -> None:
        self._look_soon(at_team=True)

    def _look_soon(self, *, at_team: bool) -> None:
        """Changes come in groups and one look answers them all; the numbered events must not wait for it."""
        self.is_team_due = self.is_team_due or at_team
        self.is_look_due = True
        if self.looking is None or self.looking.done():
            self.looking = self.start(self._look())

    async def _look(self) -> None:
        while self.is_look_due:
            await asyncio.sleep(TEAM_PAUSE_SECONDS)
            at_team, self.is_team_due, self.is_look_due = self.is_team_due, False, False
            state = await reads.team_state(self.team) if at_team else None
            async with self.turn:
                if self.positions is None:
                    continue
                if state is not None:
                    await self._send_team(state)
                else:
                    await self._send_own(await self._read_own())

    def live_revoke(self, message: dict[str, Any]) -> None:
        self.start(self._look_twice())

    async def _look_twice(self) -> None:
        await self._check_account()
        await asyncio.sleep(SECOND_LOOK_SECONDS)
        await self._check_account()

    # Keeping the page right

    async def _read(self, session_id: str, after: int) -> Frames | None:
        return await reads.frames(self.team, session_id, after, is_watched=session_id == self.watching)

    async def _read_on(self, session_id: str, after: int, seq: int) -> Frames | None:
        """As far as `seq` at least: what sockets share tells only what there was when it was read."""
        told: Frames = []
        while after < seq:
            frames = await self._read(session_id, after)
            if frames is None or len(told) > snapshot.LONGEST_GAP:
                return None
            if not frames:
                break
            told, after = told + frames, frames[-1][0]
        return told

    async def _catch_up(self, session_id: str, position: int, seq: int) -> None:
        frames = await self._read_on(session_id, position, seq)
        if frames is None:
            await self.reload()
        else:
            await self._pass_on(session_id, frames)

    async def _pass_on(self, session_id: str, frames: Frames) -> None:
        for seq, text in frames:
            await self.send(text_data=text)
            if self.positions is not None:
                self.positions[session_id] = seq

    def fell_behind(self) -> None:
        self.positions = None

    async def recover(self) -> None:
        self.ring = None  # It may be among what was dropped.
        await self.reload()

    async def reload(self) -> None:
        """Tell the page that what it shows can no longer be proven; it says hello again."""
        self.positions = None
        await self.say({"type": "reload"})

    async def _send_team(self, state: roster.State) -> None:
        """What changed of the roster, and the closer's own desk while anything is or was on it."""
        if self.told is not None and state.number < self.told.number:
            return  # While this one was waiting for its turn, a later one was told.
        frame = state.frame(self.closer.pk, self.told)
        self.told = state
        if frame:
            await self.send(text_data=frame)
        is_concerned = state.is_concerned(self.closer.pk)
        if is_concerned or self.ring or self.is_busy:
            await self._send_own(await self._read_own())
        elif not self.last_desk:
            await self._send_own(desk.nothing())
        self.is_busy = is_concerned

    async def _read_own(self) -> desk.Own:
        return await reads.threads.lend(desk.read)(self.closer, timezone.now(), self.ring)

    async def _send_own(self, own: desk.Own) -> None:
        """The closer's own ring and call, which are nobody else's."""
        if own.over:
            await self.say(own.over)
        frame = encode(own.desk)
        if hash(frame) != self.last_desk:
            self.last_desk = hash(frame)
            await self.send(text_data=frame)
        if own.ring and own.ring != self.ring:
            await self.say(own.ring)
        self.ring = own.ring
        self.own = {str(frame["session"]) for frame in (own.desk, own.ring) if frame and frame["session"]}

    async def _tick(self) -> None:
        """The page answers each beat with its presence, for a hidden page's own timers are slowed down."""
        next_positions, next_account = self.clock() + POSITIONS_SECONDS, self.clock() + ACCOUNT_SECONDS
        while True:
            await asyncio.sleep(BEAT_SECONDS if self.positions is not None else 1)
            await self.ask({"type": "beat", "checked": await reads.checked()})
            if self.clock() >= next_account:
                next_account = self.clock() + ACCOUNT_SECONDS
                await self._check_account()
            if self.clock() >= next_positions:
                next_positions = self.clock() + POSITIONS_SECONDS
                await self.compare_positions()

    async def compare_positions(self) -> None:
        """Repair whatever a lost push left behind."""
        # While the rows are read the page is told more than they say: only what it knew before can be ahead of them.
        before = dict(self.positions or {})
        epoch, now = await reads.standing_soon(self.team)
        state = await reads.team_state(self.team, max_age=ROSTER_SECONDS)
        async with self.turn:
            if self.positions is None:
                return
            ahead = [key for key, seq in before.items() if now.get(key, seq) < seq]
            if epoch != self.epoch or ahead:
                await self.reload()
                return
            behind = {key: self.positions.get(key, 0) for key, seq in now.items() if seq > self.positions.get(key, 0)}
            for key, position in behind.items():
                await self._catch_up(key, position, now[key])
            await self._forget(before.keys() - now.keys())
            await self._send_team(state)

    async def _forget(self, absent: set[str]) -> None:
        """Sessions that grew too old for the board leave it."""
        known = self.positions or {}
        gone = [key for key in known if key in absent and key != self.watching]
        for key in gone:
            del known[key]
        if gone:
            await self.say({"type": "gone", "sessions": gone})

    async def _check_account(self) -> None:
        try:
            closer = await self._closer()
        except permissions.NoAccess as refusal:
            await self.close(code=refusal.code)
            return
        self.closer = closer
        if closer.team_id != self.team.pk:
            await self.close(code=permissions.NO_CLOSER)

    async def _closer(self) -> Closer:
        session = self.scope.get("session")
        key = session.session_key if session is not None else None
        return await reads.threads.lend(permissions.closer_behind)(key)
