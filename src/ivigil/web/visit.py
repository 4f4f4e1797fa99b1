"""A visit: who looks, with which roles, at which site, when; given to every handler as ``visit``."""

from __future__ import annotations

import datetime as dt
from typing import NoReturn

import msgspec
from litestar import Request

from ivigil.knowledge.store import Knowledge
from ivigil.practice.entry import Author, Entry
from ivigil.records.entrance import Role
from ivigil.records.finding import sites
from ivigil.records.journal import Journal
from ivigil.web.access import rules
from ivigil.web.access.guards import AccessDenied
from ivigil.web.access.people import Person
from ivigil.web.access.reads import DEVICE, Look
from ivigil.web.access.rules import ACTIONS, Missing, Subject
from ivigil.web.access.way_in import PART_HEADER, PART_QUERY, Door, address, form_token


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of somebody who is signed in and was let through."""

    person: Person
    site: str
    """Name of the site that this server is for."""
    now: dt.datetime
    """In the site's zone."""
    journal: Journal
    knowledge: Knowledge
    door: Door
    address: str
    """The client's, for the throttle alone."""
    form_token: str
    """What every form carries: ``parts.field.form`` puts it in."""
    part: str = ""
    """Id of the part that the live module asks for; "": the whole page."""
    path: str = "/"
    """As it was asked for."""
    asked: bool = True
    """Something is asked for; False: something is sent."""

    @property
    def zone(self) -> dt.tzinfo:
        """The site's: in which every time is told."""
        return self.now.tzinfo or dt.UTC

    @property
    def roles(self) -> tuple[Role, ...]:
        return self.person.roles

    @property
    def author(self) -> Author:
        """Under whom this visit writes into the journal."""
        return Author(name=self.person.author, site=self.site, device=DEVICE)

    def entry(
        self, occurred_at: dt.datetime | None = None, device_at: dt.datetime | None = None, event_id: str = ""
    ) -> Entry:
        """What this visit records, now unless a time is given."""
        return Entry(
            by=self.author,
            occurred_at=occurred_at or self.now,
            device_at=device_at or self.now,
            id=event_id,
        )

    def may(self, action: str, stream: str = "") -> bool:
        """Whether the person may do this, about a patient or none: for what a page offers."""
        subject = None
        if stream:
            opened = self.door.reads.opened(self._look, stream)
            subject = Subject(stream=stream, sites=sites(self.journal, stream), opened=opened)
        return rules.missing(self.person, self.site, ACTIONS[action], subject) is None

    def read(self, stream: str, action: str) -> None:
        """Record that a patient is shown whom the path does not name."""
        self.door.reads.note(self._look, stream, action)

    def refuse(self, stream: str, action: str, missing: Missing) -> NoReturn:
        """Record that the person may not do this, and stop here: to a patient whom the path does not name,
        or to somebody's account (``stream`` is its id).
        """
        self.door.reads.refuse(self._look, stream, action, missing)
        raise AccessDenied(ACTIONS[action], missing, stream)

    @property
    def _look(self) -> Look:
        return Look(person=self.person, site=self.site, at=self.now)

    def break_glass(self, stream: str, reason: str) -> None:
        """Open a patient of another site to this person for a while."""
        until = self.now + self.door.settings.glass_for
        self.door.reads.break_glass(self._look, stream, reason, until)

    def confirm(self, password: str) -> bool:
        """Whether it is the person's password: every signature asks. Wrong ones are counted and recorded."""
        return self.door.desk.confirm(self.person, password, self.address)


def provide(request: Request) -> Visit:  # type: ignore[type-arg]
    """The visit of a request that the guard let through."""
    door: Door = request.app.state.door
    knowledge = door.rules.now()
    return Visit(
        person=request.user,
        site=door.site(),
        now=door.clock().astimezone(knowledge.zone or dt.UTC).replace(microsecond=0),
        journal=door.journal,
        knowledge=knowledge,
        door=door,
        address=address(request.scope),
        form_token=form_token(request),
        part=str(request.headers.get(PART_HEADER) or request.query_params.get(PART_QUERY, "")),
        path=request.url.path,
        asked=request.method == "GET",
    )
