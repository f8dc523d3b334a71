"""The data tables agree with the SDK and with themselves."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from telnyx.types.anchorsite_override import AnchorsiteOverride
from telnyx.types.call_control_application_create_params import CallControlApplicationCreateParams
from telnyx.types.call_dial_params import CallDialParams
from telnyx.types.calls.action_bridge_params import ActionBridgeParams
from telnyx.types.calls.action_speak_params import ActionSpeakParams
from telnyx.types.calls.action_transfer_params import ActionTransferParams
from telnyx.types.conference_create_params import ConferenceCreateParams
from telnyx.types.conferences.conference_region import ConferenceRegion

from telephony import reason_codes, regions


def values(parameters: Any, name: str) -> set[str]:
    """The values that the SDK's type allows for one parameter."""
    return set(get_args(get_type_hints(parameters)[name]))


@pytest.mark.parametrize("parameters", [CallDialParams, ActionTransferParams])
def test_the_sip_regions_are_those_of_the_sdk(parameters: Any) -> None:
    assert values(parameters, "sip_region") == set(regions.SIP_REGIONS)


def test_the_conference_regions_are_those_of_the_sdk() -> None:
    assert values(ConferenceCreateParams, "region") == set(regions.CONFERENCE_REGIONS)
    assert set(get_args(ConferenceRegion)) == set(regions.CONFERENCE_REGIONS)


def test_the_anchor_sites_are_those_of_the_sdk() -> None:
    assert set(get_args(AnchorsiteOverride)) == set(regions.CONNECTION_ANCHOR_SITES)
    assert values(CallControlApplicationCreateParams, "anchorsite_override") == set(regions.APPLICATION_ANCHOR_SITES)
    assert not set(regions.UNCERTAIN_ANCHOR_SITES) & set(regions.CONNECTION_ANCHOR_SITES)


def test_australia_is_on_every_list() -> None:
    assert regions.AUSTRALIAN_ANCHOR_SITE in regions.CONNECTION_ANCHOR_SITES
    assert regions.AUSTRALIAN_ANCHOR_SITE in regions.APPLICATION_ANCHOR_SITES
    assert regions.AUSTRALIAN_SIP_REGION in regions.SIP_REGIONS
    assert regions.AUSTRALIAN_CONFERENCE_REGION in regions.CONFERENCE_REGIONS
    assert regions.AUSTRALIAN_SIGNALLING_REGION in {region.option for region in regions.SIGNALLING_REGIONS}
    assert regions.AUSTRALIAN_LANGUAGE in values(ActionSpeakParams, "language")
    assert regions.AUSTRALIAN_RINGTONE in values(ActionBridgeParams, "ringtone")


def test_a_signalling_host_begins_with_its_option() -> None:
    for region in regions.SIGNALLING_REGIONS:
        assert region.host == f"{region.option}.rtc.telnyx.com".removeprefix(".")


@pytest.mark.parametrize(
    ("chosen", "time_zone", "option"),
    [
        ("", "Australia/Sydney", "apac"),
        ("", "Australia/Perth", "apac"),
        ("", "Europe/Vienna", ""),
        ("", "UTC", ""),
        ("eu", "Australia/Sydney", "eu"),
        ("auto", "Australia/Sydney", ""),
        ("auto", "Europe/Vienna", ""),
    ],
)
def test_the_signalling_region_is_the_chosen_one_else_that_of_the_zone(
    chosen: str, time_zone: str, option: str
) -> None:
    assert regions.signalling_region(chosen, time_zone=time_zone) == option


def test_the_media_networks_are_networks() -> None:
    assert all(ip_network(network).is_global for network in regions.APAC_MEDIA_NETWORKS)


@pytest.mark.parametrize(("code", "reason"), reason_codes.SIP_CODES.items())
def test_a_sip_code_says_what_happened(code: str, reason: reason_codes.Reason) -> None:
    assert re.fullmatch(r"[A-Z]{1,2}[0-9]{1,2}", code)
    assert reason.sip is not None
    assert 400 <= reason.sip < 700
    assert reason.cause


@pytest.mark.parametrize(("code", "reason"), (reason_codes.SDK_CODES | reason_codes.SOCKET_CODES).items())
def test_a_code_of_the_browser_says_what_happened(code: str, reason: reason_codes.Reason) -> None:
    assert re.fullmatch(r"[34][0-9]{4}|-320[0-9]{2}", code)
    assert reason.sip is None
    assert reason.cause


def test_the_codes_of_limits_are_known() -> None:
    assert reason_codes.SIP_CODES.keys() >= reason_codes.LIMIT_SIP_CODES
    assert reason_codes.API_CODES.keys() >= reason_codes.LIMIT_API_CODES
    for code in reason_codes.LIMIT_SIP_CODES:
        assert "limit" in reason_codes.SIP_CODES[code].cause or "per second" in reason_codes.SIP_CODES[code].cause


def test_the_browser_knows_the_same_limits() -> None:
    source = Path(__file__).parents[2] / "frontend" / "shared" / "limits.ts"
    listed = re.search(r"\(((?:[A-Z]\d+\|?)+)\)", source.read_text())

    assert listed is not None
    assert set(listed[1].split("|")) == reason_codes.LIMIT_SIP_CODES


def test_one_table_holds_them_all() -> None:
    parts = (reason_codes.SIP_CODES, reason_codes.SDK_CODES, reason_codes.SOCKET_CODES)

    assert len(reason_codes.REASONS) == sum(map(len, parts))


def test_codes_on_which_telnyx_disagrees_are_marked() -> None:
    uncertain = {code for code, reason in reason_codes.REASONS.items() if reason.uncertain}

    assert uncertain == {"D10", "D52", "D53", "D61", "D65", "P05", "P15", "44004", "45002", "-32000"}
