"""Every route asked with what its description allows and what it does not, by nobody and by each role."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis.generation import GenerationMode

from ivigil.course import infusion_id
from ivigil.web.headers import HEADERS
from tests.support.treated import centre, treated
from tests.support.web import STAFF, Browser

NAME = "Unmistakable Fictional-Person"
"""The patient's; a refusal that holds it told too much."""
VISITORS = ("", *STAFF, "patient")
"""Nobody signed in, and one of each role."""
_TELLS_NOTHING = (401, 403, 404, 405, 413, 423, 429, 500, 503)
_PAGES = (
    "/",
    "/sign-in",
    "/code",
    "/account",
    "/board",
    "/inbox",
    "/plans",
    "/plans/new",
    "/patients",
    "/lots",
)
_ENDS_A_SESSION = ("/sign-out", "/account/sign-out-everywhere", "/unlock")


class Target:
    """An application with a treated patient, and its description with real handles and fields filled in."""

    def __init__(self, folder: Path) -> None:
        self.web = centre(folder)
        stream, plan = treated(self.web, name=NAME)
        self.web.admit("patient", ("patient",), patient=stream)
        person = self.web.door.desk.people.by_sign_in("nurse")
        assert person
        infusion = infusion_id(plan.id, 1)
        self._real: dict[str, list[Any]] = {
            "patient": [stream],
            "stream": [stream],
            "plan": [plan.id],
            "infusion": [infusion],
            "person": [person[0].id],
            "day": [1],
            "number": [1, 2],
            "kind": ["vital-signs", "symptom", "stop", "pause", "rate", "vial"],
            "paper": ["plan.pdf", "pump-card.pdf", "downtime-sheet"],
        }
        pages = [
            *_PAGES,
            f"/plans/{plan.id}",
            f"/chair/{plan.id}/1",
            f"/inbox/{infusion}",
            f"/board/{infusion}",
        ]
        pages += [f"/patients/{stream}", f"/patients/{stream}/levels", "/people", f"/people/{person[0].id}"]
        pages += [
            f"/glass/{stream}",
            "/me",
            "/me/wrong",
            "/me/diary",
            f"/me/questions/{infusion}/1",
            "/me/papers",
        ]
        self.description: dict[str, Any] = self.web.browser("nurse").get("/schema/openapi.json").json()
        self._fill(self._fields(pages))

    def _fields(self, pages: list[str]) -> dict[str, set[str]]:
        """The names of the fields of the forms that go to an address."""
        found: dict[str, set[str]] = {}
        for visitor in ("", "prescriber", "administrator", "patient"):
            browser = self.web.browser(visitor)
            for page in pages:
                forms = _Forms()
                forms.feed(browser.get(page).text)
                for action, names in forms.found.items():
                    found.setdefault(action or page, set()).update(names)
        return found

    def _fill(self, fields: dict[str, set[str]]) -> None:
        for path, methods in self.description["paths"].items():
            pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
            names = set().union(*(each for action, each in fields.items() if pattern.fullmatch(action)))
            for operation in methods.values():
                for parameter in operation.get("parameters", ()):
                    if real := self._real.get(parameter["name"]):
                        parameter["schema"] = {"anyOf": [{"enum": real}, parameter["schema"]]}
                for kind in operation.get("requestBody", {}).get("content", {}).values():
                    if "additionalProperties" in kind["schema"]:
                        kind["schema"]["properties"] = {name: {"type": "string"} for name in sorted(names)}

    def faults(
        self, examples: int, start: int, asked: Counter[str], visitors: tuple[str, ...]
    ) -> Iterator[str]:
        """Ask every route about so often as each visitor; yields whatever must not be.

        ``asked`` counts the answers by their status.
        """
        schema = schemathesis.openapi.from_dict(self.description)
        operations: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
        operations.sort(key=lambda each: each.path in _ENDS_A_SESSION)
        for visitor in visitors:
            browser, token = self._arrived(visitor)
            for operation in operations:
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)[:examples]:
                    found: dict[str, None] = {}
                    often = (max(examples // 2, 1), start)
                    send = _sending((browser, token, visitor), operation, asked, found)
                    _often(send, operation.as_strategy(generation_mode=mode), *often)
                    yield from found
                if visitor and browser.get("/account").status_code != 200:
                    browser, token = self._arrived(visitor)

    def _arrived(self, visitor: str) -> tuple[Browser, str]:
        """A browser and its form token."""
        self.web.clock.passes(minutes=61)  # whatever was tried too often may be tried again
        browser = self.web.browser(visitor)
        return browser, browser.form_token("/account" if visitor else "/sign-in")


def _sending(
    who: tuple[Browser, str, str], operation: Any, asked: Counter[str], found: dict[str, None]
) -> Callable[[Any], None]:
    """What sends one request, counts its answer and notes what is wrong with it."""
    browser, token, visitor = who
    route = f"{operation.method.upper()} {operation.path}"

    def send(case: Any) -> None:
        try:
            answer = _sent(browser, case, token)
        except (httpx.InvalidURL, UnicodeError, ValueError):
            return  # no browser can say this
        asked[str(answer.status_code)] += 1
        for fault in judged(answer, operation.definition.raw["responses"]):
            found[f"{visitor or 'nobody'}: {route}: {answer.status_code}: {fault}"] = None

    return send


def _often(send: Callable[[Any], None], cases: SearchStrategy[Any], examples: int, start: int) -> None:
    """Send so many cases; the same ones for the same start."""
    how = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )

    def sends(case: Any) -> None:
        send(case)

    with suppress(Unsatisfiable):  # a route that takes nothing cannot be asked wrongly
        seed(start)(how(given(case=cases)(sends)))()


def _sent(browser: Browser, case: Any, token: str) -> httpx.Response:
    query = case.query if isinstance(case.query, dict) else {}
    how: dict[str, Any] = {"params": query, "headers": {"x-form-token": token}, "follow_redirects": False}
    if case.method == "GET":
        return browser.http.get(case.formatted_path, **how)
    if case.media_type == "application/json":
        how["headers"]["content-type"] = "application/json"
        body = json.dumps(case.body, default=str).encode(errors="replace")
        return browser.http.post(case.formatted_path, content=body, **how)
    if isinstance(case.body, dict):
        typed = {str(name): _typed(value) for name, value in case.body.items()}
        return browser.http.post(case.formatted_path, data=typed, **how)
    return browser.http.post(case.formatted_path, content=str(case.body).encode(errors="replace"), **how)


def _typed(value: object) -> str:
    return str(value).encode(errors="replace").decode()


def judged(answer: httpx.Response, declared: dict[str, Any]) -> Iterator[str]:
    """What is wrong with an answer, by what its route declares."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code >= 500:
        yield "a defect"
    allowed = declared.get(str(answer.status_code))
    if allowed is None:
        yield "a status that is not declared"
    elif kind and allowed.get("content") and kind not in allowed["content"]:
        yield f"{kind} is not declared"
    for name, value in HEADERS.items():
        if answer.headers.get(name) != value:
            yield f"header {name} is missing"
    text = answer.text if kind.startswith("text/") or kind.endswith("json") else ""
    if "Traceback" in text or "/src/ivigil" in text:
        yield "a trace"
    if answer.status_code in _TELLS_NOTHING and NAME in text:
        yield "the patient's name"
    if answer.status_code >= 400 and not (
        answer.json().get("detail") if kind == "application/json" else text.count("<h1") == 1
    ):
        yield "not one clear page or error"


class _Forms(HTMLParser):
    """Which fields a page's forms have, by where they go."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, set[str]] = {}
        self._action: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._action = given.get("action") or ""
        elif self._action is not None and (name := given.get("name")) and name != "form_token":
            self.found.setdefault(self._action, set()).add(name)
