"""Facts and settings of a site, signed by two people; and the knowledge that rules with them."""

from __future__ import annotations

import threading
from typing import Literal

import msgspec

import ivigil
from ivigil.knowledge.evidence import Fact, fingerprint, signer_named
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.sign_off import WAITS, sign_off_state
from ivigil.knowledge.site import OnPages, loosens
from ivigil.knowledge.store import Knowledge
from ivigil.practice.authorising import review
from ivigil.practice.entry import UNNAMED_SITE, Entry, draft
from ivigil.records.entrance import Role
from ivigil.records.errors import ConflictError
from ivigil.records.journal import Journal
from ivigil.records.sign_off import (
    KINDS,
    NOTHING,
    FactSigned,
    Proposal,
    SettingProposed,
    SignedOff,
    SignOffEvent,
    SignOffWithdrawn,
    of_sign_off,
    signed_off,
)

Refusal = Literal[
    "changed",  # its text is not what was looked at
    "needs_none",  # a signature would change nothing
    "same_person",  # they signed it already: the second is somebody else
    "not_signed",  # there is nothing to take back
    "would_loosen",  # without this setting less caution would rule: two people propose another
    "nothing_new",  # it is so already
]


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs, in which of their roles, which text."""

    person: str
    """Id of the person; their name is the entry's author."""
    role: Role
    fingerprint: str
    """Of what they looked at."""


class Rules:
    """What rules at a site: facts, overlay, what was signed on pages. Safe to use from several threads."""

    def __init__(self, journal: Journal, folder: str | None) -> None:
        self._journal = journal
        self._folder = folder
        self._turn = threading.Lock()
        self._stream = ""
        self._position = 0
        self._signed = NOTHING
        self._pages = NOTHING.pages

    def signed(self) -> SignedOff:
        """What was signed on pages by now."""
        return self._now()[0]

    def _now(self) -> tuple[SignedOff, OnPages]:
        """What was signed, and the same for the overlay: one object as long as nobody signs."""
        site = ivigil.load_knowledge(self._folder).site.name or UNNAMED_SITE
        stream = self._journal.stream(of_sign_off(site))
        with self._turn:
            if stream != self._stream:
                self._stream, self._position = stream, 0
                self._signed, self._pages = NOTHING, NOTHING.pages
            head = self._journal.head().position
            if head > self._position:
                new = self._journal.records(self._position, KINDS)
                signed = signed_off((each for each in new if each.stream == stream), self._signed)
                if signed != self._signed:
                    self._signed, self._pages = signed, signed.pages
                self._position = head
            return self._signed, self._pages

    def now(self) -> Knowledge:
        """The knowledge that rules. Raises KnowledgeError, JournalUnavailableError."""
        return ivigil.load_knowledge(self._folder, self._now()[1])

    def without(self, setting: Proposal) -> Knowledge:
        """What would rule without a setting that counts."""
        pages = self.signed().pages
        policies = tuple(each for each in pages.policies if each != setting.policy)
        return ivigil.load_knowledge(self._folder, msgspec.structs.replace(pages, policies=policies))


class Book:
    """The signatures of a site, to be written into."""

    def __init__(self, journal: Journal, rules: Rules, entry: Entry) -> None:
        self._journal = journal
        self._rules = rules
        self._entry = entry
        self._stream = journal.stream(of_sign_off(entry.by.site))

    def sign(self, fact: Fact, signer: Signer) -> Refusal | None:
        """One signature under a fact as it now is, or why not. Raises ConflictError."""
        version = self._journal.version(self._stream)
        knowledge = self._rules.now()
        refused = against_signing(fact, signer.fingerprint, self._entry.by.name, knowledge)
        if refused is None:
            self._write(fact.id, _signature(signer), version, knowledge)
        return refused

    def withdraw(self, fact: Fact, signer: Signer, reason: str) -> Refusal | None:
        """Void every signature under a fact as it now is, or why not. Raises ConflictError."""
        version = self._journal.version(self._stream)
        knowledge = self._rules.now()
        if fingerprint(fact) != signer.fingerprint:
            return "changed"
        if not knowledge.signatures_of(fact):
            return "not_signed"
        self._write(fact.id, _withdrawal(signer, reason), version, knowledge)
        return None

    def propose(self, policy: Policy, signer: Signer) -> Refusal | None:
        """A setting, signed by its proposer, or why not. ``signer.fingerprint``: of the policy as it is."""
        version = self._journal.version(self._stream)
        knowledge = self._rules.now()
        present = knowledge.policies[policy.id]
        if fingerprint(present) != signer.fingerprint:
            return "changed"
        if (present.number, present.choice) == (policy.number, policy.choice):
            return "nothing_new"
        body = SettingProposed(person=signer.person, role=signer.role, policy=policy)
        self._write(policy.id, body, version, knowledge)
        return None

    def confirm(self, proposal: Proposal, signer: Signer) -> Refusal | None:
        """The second signature under a proposed setting: it rules from now on. Or why not."""
        version = self._journal.version(self._stream)
        knowledge = self._rules.now()
        if (
            proposal not in self._rules.signed().proposed
            or fingerprint(proposal.policy) != signer.fingerprint
        ):
            return "changed"
        if signer_named(self._entry.by.name) in {each.signer for each in proposal.signatures}:
            return "same_person"
        self._write(proposal.policy.id, _signature(signer), version, knowledge)
        return None

    def take_back(self, setting: Proposal, signer: Signer, reason: str) -> Refusal | None:
        """Void a setting or a proposal at once, by one person, or why not: never towards less caution."""
        version = self._journal.version(self._stream)
        knowledge = self._rules.now()
        signed = self._rules.signed()
        if setting not in (*signed.settings, *signed.proposed):
            return "changed"
        before = self._rules.without(setting).policies[setting.policy.id]
        if setting in signed.settings and loosens(setting.policy, before):
            return "would_loosen"
        self._write(setting.policy.id, _withdrawal(signer, reason), version, knowledge)
        return None

    def _write(self, subject: str, body: SignOffEvent, version: int, before: Knowledge) -> None:
        """Write; where other facts rule now, every plan that is not what was signed is reopened at once.

        A record that somebody writes at that very moment is left: its plan is looked at again when it is
        signed or started.
        """
        made = draft(self._entry, self._stream, body, subject)
        self._journal.append([made], expected_version=version)
        after = self._rules.now()
        if after.version == before.version:
            return
        try:
            review(self._journal, after, self._entry)
        except ConflictError:
            return


def against_signing(fact: Fact, mark: str, name: str, knowledge: Knowledge) -> Refusal | None:
    """Why this person's signature would not count under this text; None: it would."""
    if fingerprint(fact) != mark:
        return "changed"
    if sign_off_state(fact, knowledge) not in WAITS:
        return "needs_none"
    if signer_named(name) in {each.signer for each in knowledge.signatures_of(fact)}:
        return "same_person"
    return None


def _signature(signer: Signer) -> FactSigned:
    return FactSigned(person=signer.person, role=signer.role, fingerprint=signer.fingerprint)


def _withdrawal(signer: Signer, reason: str) -> SignOffWithdrawn:
    return SignOffWithdrawn(
        person=signer.person, role=signer.role, fingerprint=signer.fingerprint, reason=reason
    )
