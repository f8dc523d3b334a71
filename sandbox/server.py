"""Puts the parts together into one aiohttp application."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.assistant.conversations import Conversations
from sandbox.assistant.starting import Assistants
from sandbox.assistant.tools import Tools
from sandbox.assistant.transfer import TransferTool
from sandbox.calling.bridging import Bridging
from sandbox.calling.conferences import ConferenceRooms
from sandbox.calling.far_sides import FarSides
from sandbox.calling.logins import Logins
from sandbox.calling.signalling import Signalling
from sandbox.calling.supervision import Supervision
from sandbox.calling.switchboard import Switchboard
from sandbox.config import Config
from sandbox.control.account import AccountControl
from sandbox.control.door import ControlDoor
from sandbox.control.faults import FaultControl
from sandbox.control.inspection import Control
from sandbox.control.scene import SceneControl
from sandbox.media.speech import Speech
from sandbox.model.account import Account
from sandbox.model.calls import Calls
from sandbox.model.credentials import CredentialStore
from sandbox.model.destinations import Destinations
from sandbox.model.faults import Faults
from sandbox.model.platform import Platform
from sandbox.model.sessions import Sessions
from sandbox.model.signer import Signer
from sandbox.outbound.webhooks import Webhooks
from sandbox.rest.account import AccountRoutes
from sandbox.rest.assistant import AssistantRoutes
from sandbox.rest.budget import Budget
from sandbox.rest.calls import CallRoutes
from sandbox.rest.conferences import ConferenceRoutes
from sandbox.rest.conversations import AiRoutes
from sandbox.rest.credentials import CredentialRoutes
from sandbox.rest.door import MAX_BODY_BYTES, Door
from sandbox.rest.events import EventRoutes
from sandbox.rest.journal import CommandMemory, Journal
from sandbox.rest.standing import StandingRoutes

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "*",
}


def create_app(config: Config) -> web.Application:
    signer, faults, journal, memory = Signer(config.signing_seed), Faults(), Journal(), CommandMemory()
    account, conversations = Account(config), Conversations()
    credentials = CredentialStore(signer, account.limits)
    switchboard = Switchboard(
        config=config,
        calls=Calls(),
        sessions=Sessions(),
        credentials=credentials,
        webhooks=Webhooks(base=config.webhook_base, signer=signer, faults=faults),
        speech=Speech(),
        platform=Platform(),
        destinations=Destinations(config.sip_domain),
        account=account,
    )
    bridging, rooms = Bridging(switchboard), ConferenceRooms(switchboard)
    supervision = Supervision(switchboard)
    FarSides(switchboard)
    tools = Tools(account, signer, switchboard.platform)
    assistants = Assistants(switchboard, conversations, tools)
    signalling = Signalling(
        switchboard, bridging, Logins(switchboard, faults), start_assistant=assistants.start_anonymous
    )
    control_door = ControlDoor(config.control_token)
    control = Control(
        door=control_door,
        switchboard=switchboard,
        assistants=assistants,
        conversations=conversations,
        faults=faults,
        journal=journal,
        memory=memory,
        signer=signer,
    )
    budget = Budget(account.limits)
    door = Door(api_key=config.api_key, faults=faults, journal=journal, memory=memory, budget=budget)
    app = web.Application(middlewares=[door.middleware], client_max_size=MAX_BODY_BYTES)
    app.add_routes(
        [
            web.get("/", signalling.serve),
            web.route("*", "/call_report", call_report),
            *CredentialRoutes(account, credentials).routes(),
            *AccountRoutes(account).routes(),
            *CallRoutes(switchboard, bridging, supervision, assistants).routes(),
            *AssistantRoutes(switchboard, assistants).routes(),
            *ConferenceRoutes(switchboard, rooms).routes(),
            *AiRoutes(conversations, switchboard.platform).routes(),
            *EventRoutes(switchboard.webhooks).routes(),
            *StandingRoutes(switchboard, signer).routes(),
            *control.routes(),
            *SceneControl(control_door, switchboard, assistants, TransferTool(bridging)).routes(),
            *FaultControl(control_door, faults, memory).routes(),
            *AccountControl(control_door, account).routes(),
        ]
    )
    app.on_shutdown.append(_closing(switchboard, tools))
    return app


async def call_report(_request: web.Request) -> web.Response:
    """Take the SDK's call report and keep nothing: it holds transcripts and may hold passwords."""
    return web.Response(headers=CORS)


def _closing(switchboard: Switchboard, tools: Tools) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_app: web.Application) -> None:
        for session in switchboard.sessions.all():
            if session.socket and not session.socket.closed:
                await session.socket.close(code=1001, message=b"shutting down")
        await switchboard.close()
        await switchboard.webhooks.close()
        await tools.close()
        switchboard.speech.close()

    return close
