"""Which countries a telephone number may belong to. Source: ITU-T E.164, list of assigned country codes."""

# The codes that the product's markets and its tests meet; where several countries share one, all of them.
BY_CODE: dict[str, frozenset[str]] = {
    code: frozenset(countries.split())
    for code, countries in {
        "1": "US CA PR DO JM",
        "27": "ZA",
        "30": "GR",
        "31": "NL",
        "32": "BE",
        "33": "FR",
        "34": "ES",
        "351": "PT",
        "353": "IE",
        "358": "FI",
        "39": "IT VA",
        "41": "CH",
        "43": "AT",
        "44": "GB GG IM JE",
        "45": "DK",
        "46": "SE",
        "47": "NO SJ",
        "48": "PL",
        "49": "DE",
        "52": "MX",
        "55": "BR",
        "60": "MY",
        "61": "AU CC CX",
        "62": "ID",
        "63": "PH",
        "64": "NZ",
        "65": "SG",
        "66": "TH",
        "81": "JP",
        "82": "KR",
        "852": "HK",
        "86": "CN",
        "91": "IN",
        "966": "SA",
        "971": "AE",
        "972": "IL",
    }.items()
}
LONGEST_CODE = 3


def of_number(number: str) -> frozenset[str]:
    """Return the ISO codes of the countries of a number in +E.164; none for a code that is not listed."""
    digits = number.removeprefix("+")
    codes = (digits[:length] for length in range(LONGEST_CODE, 0, -1))
    return next((BY_CODE[code] for code in codes if code in BY_CODE), frozenset())
