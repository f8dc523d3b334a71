"""Brings an account to what is wanted, object by object; a dry run takes the same way and writes nothing."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sessions_app.provisioning import difference, wanted
from sessions_app.provisioning.difference import Wanted
from sessions_app.provisioning.report import Report
from sessions_app.provisioning.wanted import Desk, Site
from telephony.account import AccountObject, Kind
from telephony.client import Telnyx

USUAL_NAME = "agileadapt-mcp"


class Ambiguous(Exception):
    """Several objects bear the name; the message says which, and the way out."""


@dataclass(frozen=True)
class Known:
    """Ids from the environment, the secret of our MCP endpoint, and its name at Telnyx; any of them may be empty."""

    connection_id: str
    application_id: str
    mcp_secret: str = field(repr=False)
    secret_name: str


@dataclass(frozen=True)
class Provisioned:
    """Where everything stands; `assistants` by the id that the widgets have now."""

    connection_id: str
    application_id: str
    assistants: dict[str, str]


class Setup:
    def __init__(self, telnyx: Telnyx, report: Report, *, is_dry: bool) -> None:
        self._telnyx = telnyx
        self._report = report
        self._is_dry = is_dry
        self._named: dict[Kind, list[AccountObject]] = {}
        self._found: dict[tuple[Kind, tuple[str, ...]], AccountObject | None] = {}

    def run(self, site: Site, known: Known, desks: Sequence[Desk]) -> Provisioned:
        """Settle every object in the order in which they refer to each other. Raises TelnyxError and Ambiguous."""
        profile_id = self._profiles(site, known)
        login = {"user_name": f"agileadapt{secrets.token_hex(8)}", "password": secrets.token_urlsafe(48)}
        connection_id = self.settle(wanted.connection(site, profile_id=profile_id, login=login), [known.connection_id])
        application_id = self.settle(wanted.application(site, profile_id=profile_id), [known.application_id])
        secret_name = self._tool_secret(known, desks)
        mcp_server_ids = self._mcp_servers(site, secret_name)
        group_id = self._insights(site, desks)
        assistants = {
            desk.assistant_id: self.settle(
                wanted.assistant(site, desk, group_id=group_id, mcp_server_ids=mcp_server_ids, secret_name=secret_name),
                [desk.assistant_id],
            )
            for desk in desks
        }
        return Provisioned(connection_id, application_id, assistants)

    def settle(self, wish: Wanted, ids: Sequence[str] = ()) -> str:
        """Find an object by its ids, else by its name, else make it; return its id."""
        found = self._find(wish.kind, wish.name, ids)
        if found is None:
            return self._create(wish)
        differing = difference.between(found.settings, wish)
        self._report.existing(found, differing)
        if differing.changes and not self._is_dry:
            changed = self._telnyx.update_object(wish.kind, found.id, differing.settings)
            self._report.stands(f"{wish.kind} {found.id} changed")
            self._check(changed, wish)
        return found.id

    def _create(self, wish: Wanted) -> str:
        new = difference.from_nothing(wish)
        self._report.missing(wish, new)
        if self._is_dry:
            return f"(the new {wish.kind})"
        made = self._telnyx.create_object(wish.kind, new.settings)
        self._report.stands(f"{wish.kind} {made.id} created")
        self._check(made, wish)
        return made.id

    def _check(self, stored: AccountObject, wish: Wanted) -> None:
        """A setting that is accepted and not kept would differ in every run, without a word why.

        What the answer does not show at all says nothing.
        """
        differing = [change.path for change in difference.between(stored.settings, wish).changes]
        for path in differing:
            if path.partition(".")[0] in stored.settings:
                self._report.notice(f"Telnyx did not take {path}")

    def _find(self, kind: Kind, name: str, ids: Sequence[str]) -> AccountObject | None:
        key = (kind, (name, *ids))
        if key not in self._found:
            self._found[key] = self._by_id(kind, ids) or self._by_name(kind, name)
        return self._found[key]

    def _by_id(self, kind: Kind, ids: Sequence[str]) -> AccountObject | None:
        for object_id in filter(None, ids):
            found = self._telnyx.account_object(kind, object_id)
            if found:
                return found
            self._report.say(f"This account has no {kind} {object_id}; looking for it by its name.")
        return None

    def _by_name(self, kind: Kind, name: str) -> AccountObject | None:
        if kind not in self._named:
            self._named[kind] = self._telnyx.account_objects(kind)
        found = [known for known in self._named[kind] if known.name == name]
        if len(found) > 1:
            ids = " and ".join(known.id for known in found)
            raise Ambiguous(f"“{name}” is the name of more than one {kind}: {ids}. Rename all but one at Telnyx.")
        return found[0] if found else None

    def _profiles(self, site: Site, known: Known) -> str:
        """Settle the voice profiles in use, or the one by name; return the first."""
        users = [
            self._find(Kind.CONNECTION, wanted.NAME, [known.connection_id]),
            self._find(Kind.APPLICATION, wanted.NAME, [known.application_id]),
        ]
        used = [difference.value_at(user.settings, "outbound.outbound_voice_profile_id") for user in users if user]
        ids = list(dict.fromkeys(str(profile_id) for profile_id in used if profile_id))
        first, *_ = [self.settle(wanted.voice_profile(site), [profile_id]) for profile_id in ids or [""]]
        return first

    def _tool_secret(self, known: Known, desks: Sequence[Desk]) -> str | None:
        """The name of the secret that our tools are used with, at Telnyx."""
        if not known.mcp_secret:
            self._report.say("MCP_SECRETS is empty, so no tools are set up: they would answer nobody.")
            return None
        name = known.secret_name or self._secret_in_use(desks) or USUAL_NAME
        self._secret(name, known.mcp_secret)
        return name

    def _secret_in_use(self, desks: Sequence[Desk]) -> str:
        """What an earlier run has named on our tools: the newest secret is not known by anything else."""
        found = [self._find(Kind.ASSISTANT, desk.name, [desk.assistant_id]) for desk in desks]
        named = [wanted.secret_of(one.settings.get("tools")) for one in found if one]
        server = self._find(Kind.MCP_SERVER, wanted.NAME, [])
        named.append(str(server.settings.get("api_key_ref") or "") if server else "")
        return next(filter(None, named), "")

    def _mcp_servers(self, site: Site, secret_name: str | None) -> list[str]:
        """Ours is made only where it is wanted; otherwise whatever leads to us is named, to be taken off."""
        if site.has_mcp:
            return [self.settle(wanted.mcp_server(site, secret_name=secret_name))] if secret_name is not None else []
        found = self._find(Kind.MCP_SERVER, wanted.NAME, [])
        # One that was made by hand has any name.
        others = [one.id for one in self._named[Kind.MCP_SERVER] if one.settings.get("url") == site.mcp_url]
        return list(dict.fromkeys([*([found.id] if found else []), *others]))

    def _secret(self, name: str, value: str) -> None:
        if name in self._telnyx.secret_names():
            self._report.heading(f"integration secret “{name}”", "there; its value cannot be read back")
            return
        self._report.heading(f"integration secret “{name}”", "to be created")
        self._report.plan("type: bearer; value: the first of MCP_SECRETS, not shown")
        if not self._is_dry:
            self._telnyx.create_secret(name, token=value)
            self._report.stands(f"integration secret “{name}” created")

    def _insights(self, site: Site, desks: Sequence[Desk]) -> str:
        ids = [self.settle(wish) for wish in wanted.insights(wanted.united(desks))]
        wish = wanted.insight_group(site)
        group_id = self.settle(wish)
        # Lists of groups may leave out what the groups hold.
        group = self._telnyx.account_object(wish.kind, group_id) if self._find(wish.kind, wish.name, []) else None
        held = {str(item.get("id")) for item in (group.settings.get("insights") or [] if group else [])}
        for insight_id in [one for one in ids if one not in held]:
            self._report.plan(f"insight {insight_id} → assigned to the group")
            if not self._is_dry:
                self._telnyx.assign_insight(insight_id, group_id=group_id)
                self._report.stands(f"insight {insight_id} assigned to {group_id}")
        return group_id
