"""Bodies of what people of a site sign on pages: facts, settings; and what of it counts: a pure fold.

They stand in a stream of the site's own, so that none of them moves the version of a patient's record.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import msgspec

from ivigil.knowledge.evidence import Signature, fingerprint
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.site import SIGNATURES_TO_LOOSEN, OnPages, Withdrawn
from ivigil.patient import Identifier
from ivigil.records.bodies import Body
from ivigil.records.entrance import Role
from ivigil.records.kinds import tag
from ivigil.records.words import Record

_SIGN_OFF = "urn:ivigil:sign-off"
SIGNERS: tuple[Role, ...] = ("prescriber", "pharmacist")
"""Whose signature counts."""


def of_sign_off(site: str) -> Identifier:
    """What the stream of a site's signatures is made of; ``site`` is its name."""
    return Identifier(_SIGN_OFF, site)


class FactSigned(Body, frozen=True, tag="fact_signed"):
    """Somebody signed a fact, or a proposed setting, as it was. The subject is its id, here and below."""

    person: str
    """Id of who signed."""
    role: Role
    fingerprint: str


class SignOffWithdrawn(Body, frozen=True, tag="sign_off_withdrawn"):
    """Every signature under this text of a fact, or this setting, is void from now on."""

    person: str
    role: Role
    fingerprint: str
    reason: str


class SettingProposed(Body, frozen=True, tag="setting_proposed"):
    """Somebody proposes a setting of the site and signs it with that; it counts once somebody else signs."""

    person: str
    role: Role
    policy: Policy


SignOffEvent = FactSigned | SignOffWithdrawn | SettingProposed
"""Everything that is signed on pages."""

KINDS = tuple(tag(body) for body in get_args(SignOffEvent))


class Proposal(msgspec.Struct, frozen=True):
    """A setting, and who signed it."""

    policy: Policy
    signatures: tuple[Signature, ...]

    @property
    def counts(self) -> bool:
        return len({each.signer for each in self.signatures}) >= SIGNATURES_TO_LOOSEN


class SignedOff(msgspec.Struct, frozen=True):
    """What a site's pages signed by now."""

    signatures: tuple[Signature, ...] = ()
    """Under facts; those under settings stand with them."""
    withdrawn: tuple[Withdrawn, ...] = ()
    settings: tuple[Proposal, ...] = ()
    """Those that count: one of each policy."""
    proposed: tuple[Proposal, ...] = ()
    """Those that wait for the second person: one of each policy, the last."""

    @property
    def pages(self) -> OnPages:
        """For the overlay: what of this counts or may come to count."""
        of_settings = tuple(each for setting in self.settings for each in setting.signatures)
        policies = tuple(setting.policy for setting in self.settings)
        return OnPages((*self.signatures, *of_settings), self.withdrawn, policies)


NOTHING = SignedOff()


def signed_off(records: Iterable[Record], before: SignedOff = NOTHING) -> SignedOff:
    """Fold the events of a site's stream. One by somebody whose role may not sign counts for nothing."""
    for record in records:
        if getattr(record.body, "role", "") in SIGNERS:
            before = _next(before, record)
    return before


def _next(so_far: SignedOff, record: Record) -> SignedOff:
    match record.body:
        case FactSigned(fingerprint=mark) as body:
            signature = _signature(record, body.role, mark)
            waiting = next((p for p in so_far.proposed if fingerprint(p.policy) == mark), None)
            if waiting is None:
                signatures = (*so_far.signatures, signature)
                return msgspec.structs.replace(so_far, signatures=signatures)
            return _with(so_far, Proposal(waiting.policy, (*waiting.signatures, signature)))
        case SettingProposed(policy=policy, role=role):
            return _with(so_far, Proposal(policy, (_signature(record, role, fingerprint(policy)),)))
        case SignOffWithdrawn(fingerprint=mark):
            return SignedOff(
                signatures=tuple(s for s in so_far.signatures if s.fingerprint != mark),
                withdrawn=(*so_far.withdrawn, Withdrawn(record.subject, mark, record.occurred_at.date())),
                settings=tuple(p for p in so_far.settings if fingerprint(p.policy) != mark),
                proposed=tuple(p for p in so_far.proposed if fingerprint(p.policy) != mark),
            )
    return so_far


def _with(so_far: SignedOff, proposal: Proposal) -> SignedOff:
    """A setting that counts takes the place of the one before it; a proposal that of an earlier proposal."""
    name = proposal.policy.id
    others = tuple(p for p in so_far.proposed if p.policy.id != name)
    if not proposal.counts:
        return msgspec.structs.replace(so_far, proposed=(*others, proposal))
    settings = (*(p for p in so_far.settings if p.policy.id != name), proposal)
    return msgspec.structs.replace(so_far, proposed=others, settings=settings)


def _signature(record: Record, role: Role, mark: str) -> Signature:
    return Signature(
        fact=record.subject, fingerprint=mark, by=record.author, role=role, date=record.occurred_at.date()
    )
