"""A page as a tree, and what the browser does with the server's pieces: replace by id, or keep a sorted list."""

import json
from html.parser import HTMLParser
from typing import Any

VOID = {"br", "hr", "img", "input", "link", "meta"}


class Element:
    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Element | str] = []
        self.parent: Element | None = None

    @property
    def id(self) -> str | None:
        return self.attributes.get("id")

    def add(self, child: "Element | str", at: int | None = None) -> None:
        if isinstance(child, Element):
            child.parent = self
        self.children.insert(len(self.children) if at is None else at, child)

    def remove(self) -> None:
        if self.parent:
            self.parent.children.remove(self)

    def find(self, element_id: str) -> "Element | None":
        for child in self.children:
            if isinstance(child, Element):
                found = child if child.id == element_id else child.find(element_id)
                if found:
                    return found
        return None

    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def lines(self, depth: int = 0) -> list[str]:
        """One line per tag and text: equal pages have equal lines."""
        own = " ".join(f"{name}={value}" for name, value in sorted(self.attributes.items()))
        inner: list[str] = []
        for child in self.children:
            if isinstance(child, Element):
                inner += child.lines(depth + 1)
            elif child.strip():
                inner.append(" " * (depth + 1) + " ".join(child.split()))
        return [" " * depth + f"<{self.tag} {own}>", *inner]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.current = Element("root", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.current.add(element)
        if tag not in VOID:
            self.current = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.current.add(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self.current.parent and tag not in VOID:
            self.current = self.current.parent

    def handle_data(self, data: str) -> None:
        self.current.add(data)


def parse(html: str) -> Element:
    builder = _Builder()
    builder.feed(html)
    return builder.root


class PageModel:
    """What a browser shows after a snapshot and the events that followed it."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.root = Element("root", {})
        for fragment in snapshot["fragments"]:
            for child in parse(fragment["html"]).children:
                self.root.add(child)

    def apply(self, frame: str | dict[str, Any]) -> None:
        parsed = json.loads(frame) if isinstance(frame, str) else frame
        for fragment in parsed["fragments"]:
            self._put(fragment)

    def _put(self, fragment: dict[str, Any]) -> None:
        fresh = next(child for child in parse(fragment["html"]).children if isinstance(child, Element))
        known = self.root.find(fragment["target"])
        if fragment.get("into"):
            self._place(fresh, known, fragment["into"], fragment["sort"])
        elif known and known.parent:
            parent, at = known.parent, known.parent.children.index(known)
            known.remove()
            parent.add(fresh, at)

    def _place(self, fresh: Element, known: Element | None, list_id: str, sort: int) -> None:
        target = self.root.find(list_id)
        if target is None:
            return
        if known:
            known.remove()
        items = [child for child in target.children if isinstance(child, Element)]
        later = next((item for item in items if int(item.attributes["data-sort"] or 0) > sort), None)
        target.add(fresh, target.children.index(later) if later else None)

    def lines(self) -> list[str]:
        return self.root.lines()
