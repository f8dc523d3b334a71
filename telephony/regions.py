"""Where Telnyx can anchor media and signalling, and the values for Australia.

Media and signalling are chosen apart: the connection's anchor site decides where audio flows, the SIP region and the
browser's host only where signalling goes. Source: SDK 4.189.0 (read 2026-11), @telnyx/webrtc 2.27.10, and
https://developers.telnyx.com/docs/voice/sip-trunking/routing/anchorsite-configuration
"""

from typing import NamedTuple


class SignallingRegion(NamedTuple):
    """One browser signalling region: the browser SDK's `region` option ("" = leave it out) and its host."""

    option: str
    host: str
    place: str


def signalling_region(chosen: str, *, time_zone: str) -> str:
    """The browser SDK's `region` option: the `chosen` one, else that of an IANA time zone; "" leaves it out.

    `NEAREST` leaves it out wherever the browser is.
    """
    if chosen:
        return "" if chosen == NEAREST else chosen
    return AUSTRALIAN_SIGNALLING_REGION if time_zone.startswith("Australia/") else ""


NEAREST = "auto"
LATENCY = "Latency"  # the default; measured by ping, which says little about a browser behind a router

# `anchorsite_override` of credential, FQDN and IP connections and of TeXML applications.
CONNECTION_ANCHOR_SITES = (
    LATENCY,
    "Chicago, IL",
    "Ashburn, VA",
    "San Jose, CA",
    "Sydney, Australia",
    "Amsterdam, Netherlands",
    "London, UK",
    "Toronto, Canada",
    "Vancouver, Canada",
    "Frankfurt, Germany",
)
# The same setting of Call Control applications.
APPLICATION_ANCHOR_SITES = (
    LATENCY,
    "Chicago, IL",
    "Ashburn, VA",
    "San Jose, CA",
    "Sydney, Australia",
    "Amsterdam, Netherlands",
    "London, UK",
    "Toronto, Canada",
    "Chennai, IN",
)
# Named by one guide only, and in no parameter list.
UNCERTAIN_ANCHOR_SITES = ("Montreal, Canada",)

# `sip_region` of dial and transfer; `region` of conferences, where every command must name the same one.
SIP_REGIONS = ("US", "Europe", "Canada", "Australia", "Middle East")
CONFERENCE_REGIONS = ("Australia", "Europe", "Middle East", "US")

SIGNALLING_REGIONS = (
    SignallingRegion("", "rtc.telnyx.com", "nearest"),
    SignallingRegion("apac", "apac.rtc.telnyx.com", "Sydney"),
    SignallingRegion("south-asia", "south-asia.rtc.telnyx.com", "South Asia"),
    SignallingRegion("eu", "eu.rtc.telnyx.com", "Europe"),
    SignallingRegion("us-east", "us-east.rtc.telnyx.com", "United States, east"),
    SignallingRegion("us-central", "us-central.rtc.telnyx.com", "United States, centre"),
    SignallingRegion("us-west", "us-west.rtc.telnyx.com", "United States, west"),
    SignallingRegion("ca-central", "ca-central.rtc.telnyx.com", "Canada"),
)

AUSTRALIAN_ANCHOR_SITE = "Sydney, Australia"
AUSTRALIAN_SIP_REGION = "Australia"
AUSTRALIAN_CONFERENCE_REGION = "Australia"
AUSTRALIAN_SIGNALLING_REGION = "apac"
AUSTRALIAN_LOCALISATION = "AU"  # `outbound.localization` of a connection: national dialling
AUSTRALIAN_LANGUAGE = "en-AU"  # `language` of speak
AUSTRALIAN_RINGTONE = "au"  # `ringtone` of bridge

# Media to and from Sydney and Singapore; signalling hosts have to be resolved by name.
APAC_MEDIA_NETWORKS = ("103.115.244.128/25", "36.255.198.128/25")
MEDIA_PORTS = (16384, 32768)
