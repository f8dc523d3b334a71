"""The brief says nothing that is not in a row."""

import re

from hypothesis import given
from hypothesis import strategies as st

from dashboard.render import brief_text
from dashboard.render.brief_text import Answer, Line, Said

WORD = re.compile(r"\w+")
texts = st.text(max_size=300)
answers = st.builds(
    Answer, label=st.text(max_size=40), text=texts, is_required=st.booleans(), is_conflicting=st.booleans()
)
turns = st.builds(Said, who=st.sampled_from(["Assistant", "Prospect", "Closer"]), text=texts)


def words(*pieces: str) -> set[str]:
    return {word for piece in pieces for word in WORD.findall(piece)}


def read(lines: tuple[Line, ...]) -> list[str]:
    return [" ".join(f"{part.label} {part.text}".strip() for part in line) for line in lines]


@given(name=texts, known=st.lists(answers, max_size=12), said=st.lists(turns, max_size=5), summary=texts)
def test_every_word_is_somebody_s_own_or_of_the_fixed_vocabulary(
    name: str, known: list[Answer], said: list[Said], summary: str
) -> None:
    lines = brief_text.write(name=name, answers=known, turns=said, summary=summary)

    assert len(lines) <= 3
    given_ = [name, summary, *(text for one in known for text in (one.label, one.text))]
    given_ += [text for turn in said for text in (turn.who, turn.text)]
    own = words(*given_, *brief_text.VOCABULARY)
    # A word that is longer than a whole line is cut, so its beginning is somebody's own too.
    assert all(word in own or any(one.startswith(word) for one in own) for word in words(*read(lines)))
    assert all("\n" not in line and len(line) < 2000 for line in read(lines))


def test_it_says_who_what_is_open_and_how_the_talk_stands() -> None:
    lines = brief_text.write(
        name="Ada Lovelace",
        answers=[
            Answer("Full name", "Ada Lovelace", is_required=True),
            Answer("Budget", "20000", is_required=True, is_conflicting=True),
            Answer("Timeline", "", is_required=True),
            Answer("Company", ""),
        ],
        turns=[Said("Assistant", "Hello."), Said("Assistant", "And when?"), Said("Prospect", "Soon, I think.")],
        summary="Wants a roof.",
    )

    assert read(lines) == [
        "Ada Lovelace Budget 20000",
        "Still missing Timeline Conflicting Budget Summary Wants a roof.",
        "Assistant “And when?” Prospect “Soon, I think.”",
    ]


def test_it_says_that_nothing_is_known_and_that_everything_is() -> None:
    required = Answer("Budget", "", is_required=True)

    assert read(brief_text.write(name="", answers=[required], turns=[], summary="")) == [
        "Prospect No answers yet",
        "Still missing Budget",
    ]
    known = Answer("Budget", "20000", is_required=True)
    assert read(brief_text.write(name="Ada", answers=[known], turns=[], summary=""))[1] == brief_text.COMPLETE


def test_long_texts_are_cut_between_words() -> None:
    (line,) = brief_text.write(name="Ada", answers=[], turns=[Said("Prospect", "a word " * 100)], summary="")[1:]

    assert len(line[0].text) < brief_text.LONGEST_TURN + 5
    assert line[0].text.endswith("word…”")
