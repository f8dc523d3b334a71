"""The SDK, set up so that it never waits long and never repeats by itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import telnyx

from telephony.webhooks import CallWebhooks

if TYPE_CHECKING:  # importing the resources is the slow part of the SDK, which `warm` does when it suits
    from telnyx.resources.calls.actions import ActionsResourceWithRawResponse

# Longer than the pause between two commands of one call, shorter than the idle limit of common gateways.
KEEP_ALIVE_SECONDS = 55


class Connection:
    """Holds the SDK and its open HTTP connections. `timeout` is in seconds and bounds each network step.

    `call_webhooks` is where Telnyx tells of the calls that commands begin; without it that is the affair of the
    account's own settings. `on_request` is called before Telnyx is asked, `on_reply` when the head of a reply has come
    and its body is not read.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        timeout: float = 5.0,
        call_webhooks: CallWebhooks | None = None,
        on_request: Callable[[], None] | None = None,
        on_reply: Callable[[], None] | None = None,
    ) -> None:
        self._webhooks = call_webhooks.parameters() if call_webhooks else {}
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEEP_ALIVE_SECONDS)
        self._sdk = telnyx.Telnyx(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=0,
            # Empty, because the SDK would switch to OAuth when the environment holds these two.
            # https://github.com/team-telnyx/telnyx-python/blob/master/src/telnyx/_client.py
            client_id="",
            client_secret="",
            http_client=httpx.Client(
                timeout=timeout,
                limits=limits,
                follow_redirects=False,
                event_hooks={
                    "request": [lambda _: on_request()] if on_request else [],
                    "response": [lambda _: on_reply()] if on_reply else [],
                },
            ),
        )

    def warm(self) -> None:
        """Load the SDK's resources now (about two seconds); makes no request. Call it at process start."""
        _ = (
            self._actions,
            self._sdk.calls.with_raw_response,
            self._sdk.conferences.actions.with_raw_response,
            self._sdk.telephony_credentials.with_raw_response,
            self._sdk.sip_registration_status.with_raw_response,
            self._sdk.ai.conversations.messages.with_raw_response,
            self._sdk.call_events.with_raw_response,
        )

    @property
    def _actions(self) -> "ActionsResourceWithRawResponse":
        return self._sdk.calls.actions.with_raw_response
