"""A page as a browser without JavaScript has it: its text, links, forms, and the events it declares."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    """Where a form goes, with the values that are sent when nobody touches it."""

    action: str
    values: dict[str, str] = field(default_factory=dict)


class Webpage(HTMLParser):
    def __init__(self, source: str):
        super().__init__()
        self.source = source
        self.forms: list[Form] = []
        self.links: list[dict[str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._texts: list[str] = []
        self._select = ""
        self._in_event = False
        self.feed(source)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._texts).split())

    def form(self, action: str) -> Form:
        """The first form whose action begins so."""
        return next(form for form in self.forms if form.action.startswith(action))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        match tag:
            case "form":
                self.forms.append(Form(given.get("action", "")))
            case "a":
                self.links.append(given)
            case "select":
                self._select = given["name"]
            case "option" if "selected" in given and self.forms:
                self.forms[-1].values[self._select] = given.get("value", "")
            case "input" if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self.forms[-1].values[given["name"]] = given.get("value", "")
            case "script":
                self._in_event = "data-storehouse-event" in given

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._in_event = False

    def handle_data(self, data: str) -> None:
        if self._in_event:
            self.events.append(json.loads(data))
        else:
            self._texts.append(data)

    def event(self, name: str) -> dict[str, Any] | None:
        """The event of this name that the page declares."""
        return next((event for event in self.events if event["event_name"] == name), None)
