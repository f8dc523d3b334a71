"""A flow is followed from call to call, and loses nothing in silence."""

from pathlib import Path

import pytest

from code_measures import flows, source
from code_measures.flows import Walk
from tests.code_measures.conftest import Grow

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_call_into_another_app_is_a_crossing_at_each_place_where_it_stands(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": """
                from b import two

                def begin():
                    two.act()
                    if two.act():
                        near()

                def near(): ...
            """,
            "b/two.py": "def act(): ...",
        }
    )

    assert flows.walk(code, ["a.one.begin"]) == Walk(crossings=2, returns=0, files={"a.one", "b.two"})


def test_coming_again_into_a_file_is_a_return_and_going_back_to_the_caller_is_none(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": """
                from a import two

                def begin():
                    two.act()
                    two.act()
                    two.more()

                def end(): ...
            """,
            "a/two.py": """
                from a import one

                def act():
                    one.end()

                def more(): ...
            """,
        }
    )

    # Once to `end`, once to `more`; `act` is followed the first time only. Of the two ways one leads back.
    assert flows.walk(code, ["a.one.begin"]) == Walk(crossings=0, returns=2, detours=1, files={"a.one", "a.two"})


def test_a_second_way_to_a_file_is_a_detour_once(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": "from a import two, three\ndef begin():\n    two.act()\n    three.end()\n    three.end()\n",
            "a/two.py": "from a import three\ndef act():\n    three.end()\n    three.end()\n",
            "a/three.py": "def end(): ...\n",
        }
    )

    assert flows.walk(code, ["a.one.begin"]).detours == 1


def test_a_method_of_an_argument_is_followed_where_the_text_names_its_class(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": """
                from b.two import Thing

                def begin(this: Thing | None, *, that: "list[int]", other):
                    this.act()
                    that.act()
                    other.act()
            """,
            "b/two.py": "class Thing:\n    def act(self): ...\n",
        }
    )

    assert flows.walk(code, ["a.one.begin"]).crossings == 1


def test_what_a_call_is_given_is_called_before_it(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": """
                from a import two

                @two.decorator()
                def begin(value=two.default()):
                    two.first(two.argument()).later()
                    two.last()
            """,
            "a/two.py": "\n".join(
                f"def {name}(): ..." for name in ("first", "argument", "last", "later", "decorator", "default")
            ),
        }
    )

    called = [name for _, name in flows.calls(code, code.modules["a.one"], "begin")]

    assert called == ["argument", "first", "last"]


def test_methods_of_the_same_class_are_followed(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": """
                class View:
                    def post(self):
                        self._open()

                    def _open(self):
                        act()

                def act(): ...

                class Other:
                    def _open(self):
                        from b.two import never
                        never()
            """,
            "b/two.py": "def never(): ...",
        }
    )

    assert flows.walk(code, ["a.one.View.post"]).files == {"a.one"}


def test_a_flow_goes_on_at_the_starts_that_were_not_reached(grow: Grow) -> None:
    code = grow(
        {
            "a/one.py": "from b import two\ndef begin():\n    two.act()\n",
            "b/two.py": "from a import three\ndef act():\n    three.end()\ndef tabled():\n    three.end()\n",
            "a/three.py": "def end(): ...\n",
        }
    )

    walk = flows.walk(code, ["a.one.begin", "b.two.act", "b.two.tabled"])

    assert (walk.crossings, walk.returns) == (3, 0)


def test_functions_that_call_each_other_come_to_an_end(grow: Grow) -> None:
    code = grow({"a/one.py": "def begin():\n    other()\n    begin()\n\ndef other():\n    begin()\n"})

    assert flows.walk(code, ["a.one.begin"]) == Walk(crossings=0, returns=0, files={"a.one"})


def test_all_missing_entry_points_are_named(grow: Grow) -> None:
    code = grow({"a/one.py": "def begin(): ..."})

    with pytest.raises(flows.MissingEntryPoint) as told:
        flows.measure(code, {"good": ["a.one.begin"], "bad": ["a.one.begin", "a.one.gone"], "worse": ["b.two.act"]})

    assert "a.one.gone (bad), b.two.act (worse)" in str(told.value)
    assert "a.one.begin" not in str(told.value)


def test_every_entry_point_stands_in_this_checkout() -> None:
    flows.measure(source.read(ROOT, source.packages(ROOT)), flows.FLOWS)
