"""Puts the parts together into one aiohttp application."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.account import Account
from sandbox.api import MAX_BODY_BYTES, Door
from sandbox.api_account import AccountRoutes
from sandbox.api_ai import AiRoutes
from sandbox.api_assistant import AssistantRoutes
from sandbox.api_calls import CallRoutes
from sandbox.api_conferences import ConferenceRoutes
from sandbox.api_credentials import CredentialRoutes
from sandbox.api_events import EventRoutes
from sandbox.api_standing import StandingRoutes
from sandbox.assistants import Assistants
from sandbox.bridging import Bridging
from sandbox.budget import Budget
from sandbox.calls import Calls
from sandbox.conferences import ConferenceRooms
from sandbox.config import Config
from sandbox.control import Control
from sandbox.control_account import AccountControl
from sandbox.control_door import ControlDoor
from sandbox.control_faults import FaultControl
from sandbox.control_scene import SceneControl
from sandbox.conversations import Conversations
from sandbox.credentials import CredentialStore
from sandbox.destinations import Destinations
from sandbox.far_sides import FarSides
from sandbox.faults import Faults
from sandbox.journal import CommandMemory, Journal
from sandbox.logins import Logins
from sandbox.platform import Platform
from sandbox.rtc import Signalling
from sandbox.sessions import Sessions
from sandbox.signer import Signer
from sandbox.speech import Speech
from sandbox.supervision import Supervision
from sandbox.switchboard import Switchboard
from sandbox.tools import Tools
from sandbox.transfer_tool import TransferTool
from sandbox.webhooks import Webhooks

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
    signalling = Signalling(switchboard, bridging, assistants, Logins(switchboard, faults))
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
            web.route("*", "/call_report", _call_report),
            *CredentialRoutes(account, credentials).routes(),
            *AccountRoutes(account).routes(),
            *CallRoutes(switchboard, bridging, supervision, assistants).routes(),
            *AssistantRoutes(switchboard, assistants).routes(),
            *ConferenceRoutes(switchboard, bridging, rooms).routes(),
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


async def _call_report(_request: web.Request) -> web.Response:
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
