"""Keys that the sandbox sends and the pinned SDK's models do not know, each with where it was seen."""

MOST_ALLOWED = 25

PAGES = "https://developers.telnyx.com/api-reference, PaginationMeta"
LOGGED = "deliveries that third parties logged on live accounts (2026), e.g. JamesDeAngelo/clean-middleware-test"

ALLOWED: dict[str, str] = {
    "DefaultFlatPaginationMeta.page_size": PAGES,
    "DefaultFlatPaginationMeta.total_results": PAGES,
    "call_initiated.Payload.calling_party_type": LOGGED,
    "call_initiated.Payload.from_sip_uri": LOGGED,
    "call_initiated.Payload.to_sip_uri": LOGGED,
    "call_answered.Payload.codec": LOGGED,
    "call_answered.Payload.sampling_rate": LOGGED,
}
