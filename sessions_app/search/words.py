"""How names, addresses and numbers become words of the search, and what a visitor of the search asks for. Pure.

The words of a conversation stand in the index as English stems. Those that say who somebody is stand beside them with
`who:` or `tel:` before them, so that a beginning such as “lov” looks through names and addresses alone: in everything
that was said it would find almost every session.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from sessions_app.rules import phone_numbers

LONGEST_QUERY = 200
MOST_WORDS = 12
LONGEST_WORD = 60
SHORTEST_BEGINNING = 2
SHORTEST_NUMBER = 4
LONGEST_NUMBER = 20

_NOT_OF_A_WORD = re.compile(r"[^\w@.+-]")
_PARTS = re.compile(r"[^\W_]+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_NUMBER = re.compile(r"[+(\d][\d\s().-]{3,40}", re.ASCII)


@dataclass(frozen=True)
class Asked:
    words: list[str]
    digits: str


def asked_for(text: str) -> Asked:
    """The words of a query, and its digits when it is a number or a part of one."""
    plain = text.replace("\x00", " ")[:LONGEST_QUERY].strip()
    words = [_NOT_OF_A_WORD.sub("", folded(word)).strip(".+-")[:LONGEST_WORD] for word in plain.split()]
    return Asked([word for word in words if word][:MOST_WORDS], _digits(plain) if _NUMBER.fullmatch(plain) else "")


def term(word: str, stem: str) -> str:
    """What a session must hold for one word: its stem, or somebody's name or address that begins with it."""
    beginning = f"{_quoted(f'who:{word}')}:*" if len(word) >= SHORTEST_BEGINNING else _quoted(f"who:{word}")
    return f"(({stem}) | {beginning})" if stem else beginning


def number_term(digits: str) -> str:
    return f"{_quoted(f'tel:{digits}')}:*"


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def folded(text: str) -> str:
    """Without capitals and accents: José is found by “jose”."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def identities(*, name: str, texts: Iterable[str]) -> list[str]:
    """The lexemes that say who somebody is: their name, and the addresses and numbers among `texts`."""
    found = {f"who:{part[:LONGEST_WORD]}" for part in _PARTS.findall(folded(name)[:500])}
    for text in texts:
        plain = text.strip()[:254]
        if _EMAIL.fullmatch(plain):
            found |= {f"who:{part[:LONGEST_WORD]}" for part in _of_email(folded(plain))}
        elif _NUMBER.fullmatch(plain):
            found |= {f"tel:{part}" for part in _of_number(_digits(plain))}
    return sorted(found)


def _of_email(email: str) -> set[str]:
    local, _, domain = email.partition("@")
    whole = {email, local, domain}
    return {_NOT_OF_A_WORD.sub("", part) for part in whole} | set(_PARTS.findall(email)) - {""}


def _of_number(digits: str) -> set[str]:
    """Every end of a number, so that a beginning of one of them is any part of it.

    And the whole of it as people write it at home: 0400 111 222 is +61 400 111 222.
    """
    ends = {digits[start:] for start in range(len(digits) - SHORTEST_NUMBER + 1)}
    national = phone_numbers.national(f"+{digits}")
    return ends | ({national} if national else set())


def _digits(text: str) -> str:
    digits = re.sub(r"\D", "", text, flags=re.ASCII)[:LONGEST_NUMBER]
    return digits if len(digits) >= SHORTEST_NUMBER else ""
