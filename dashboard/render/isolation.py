"""Text that somebody else wrote, shown so that its direction reorders nothing of ours beside it. No queries here."""

import re
import unicodedata

_OPENS = re.compile("[\u2066-\u2068]")
_MARK = re.compile("[\u2066-\u2069]")
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Direction is settled paragraph by paragraph, so the end of one ends every isolation within it.
_PARAGRAPH_ENDS = re.compile("[\x1c-\x1e\x85\u2029]")
_FIRST_STRONG, _POP = "\u2068", "\u2069"
_TURNING = frozenset({"R", "AL", "AN"})


def contained(text: str) -> str:
    """The text for inside a <bdi>, which a closing mark without its opening one would end before its time."""
    depth = 0

    def kept(mark: re.Match[str]) -> str:
        nonlocal depth
        if _OPENS.match(mark[0]):
            depth += 1
            return mark[0]
        depth -= 1
        if depth >= 0:
            return mark[0]
        depth = 0
        return ""

    return _MARK.sub(kept, _PARAGRAPH_ENDS.sub(" ", text))


def isolated(text: str) -> str:
    """The text for where no element can stand: attributes, titles, sentences. What turns nothing stays as it is."""
    plain = _CONTROLS.sub("", _PARAGRAPH_ENDS.sub(" ", text))
    turns = any(unicodedata.bidirectional(letter) in _TURNING for letter in plain)
    return f"{_FIRST_STRONG}{plain}{_POP}" if turns else plain
