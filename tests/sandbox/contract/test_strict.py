"""The comparison itself: it sees what is wrong or unknown, however deep it lies."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel

from tests.sandbox.contract.strict import extras, mistakes


class Leaf(BaseModel):
    word: Literal["yes", "no"] | None = None


class Twig(BaseModel):
    number: int


class Tree(BaseModel):
    leaf: Leaf | None = None
    leaves: list[Leaf] | None = None
    by_name: dict[str, Leaf] | None = None
    either: Leaf | Twig | None = None
    anything: dict[str, object] | None = None


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, []),
        ({"leaf": None, "leaves": [], "anything": {"x": {"y": 1}}}, []),
        ({"bird": 1}, ["Tree.bird"]),
        ({"leaf": {"word": "yes", "size": 1}}, ["Leaf.size"]),
        ({"leaves": [{}, {"size": None}]}, ["Leaf.size"]),
        ({"by_name": {"a": {"size": 1}}}, ["Leaf.size"]),
        ({"either": {"number": 1}}, []),
        ({"either": {"number": 1, "size": 1}}, ["Twig.size"]),
    ],
)
def test_unknown_keys_are_found_at_every_depth(body: Any, places: list[str]) -> None:
    assert [extra.place for extra in extras(Tree, body)] == places


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"leaf": {"word": "yes"}}, False),
        ({"leaf": {"word": "perhaps"}}, True),
        ({"leaf": []}, True),
        ({"leaves": [{"word": 1}]}, True),
        ({"either": "number"}, True),
    ],
)
def test_wrong_values_are_found_at_every_depth(body: Any, *, wrong: bool) -> None:
    assert bool(mistakes(Tree, body)) is wrong


@pytest.mark.parametrize(("value", "is_whole"), [({"a": 1}, True), ([{"a": 1}], True), ([1], False), ("a", False)])
def test_a_whole_object_is_told_from_a_value(value: Any, *, is_whole: bool) -> None:
    assert extras(Leaf, {"size": value})[0].is_whole_object is is_whole
