"""One event of the journal as a sentence in the past tense, whose subject is who did it. It tells what was
done and to whom, and nothing of any record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import htpy as h
import msgspec
from htpy import Node

from ivigil.aftercare.happenings import FollowUpEvent
from ivigil.infusion.events import Corrected, Happening
from ivigil.records.bodies import (
    Contact,
    DosesStated,
    DosesTakenBack,
    Erasure,
    LevelMeasured,
    Note,
    PlanStep,
    ReportMade,
    Superseded,
)
from ivigil.records.entrance import (
    AccessRefused,
    CodeIssued,
    GlassBroken,
    PasswordSet,
    PatientRead,
    PersonAdmitted,
    PersonChanged,
    PinSet,
    SignedIn,
    SignedInElsewhere,
    SignedOut,
    SignInFailed,
    SubjectBound,
    SubjectRefused,
)
from ivigil.records.kinds import tag
from ivigil.records.links import Because, LinkEvent, LinkRefused
from ivigil.records.sign_off import KINDS as SIGN_OFF
from ivigil.records.sign_off import SignOffEvent
from ivigil.records.words import Record
from ivigil.sheets.spoken import say, texts
from ivigil.web.access.people import named
from ivigil.web.access.rules import ACTIONS
from ivigil.web.parts import sign_off
from ivigil.web.parts.woven import woven

Kind = type[msgspec.Struct]

GROUPS: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "glass": (texts("Broken glass"), (GlassBroken,)),
    "reads": (texts("Reads of patients"), (PatientRead,)),
    "refused": (texts("Refusals"), (AccessRefused,)),
    "plans": (texts("Plans and their signatures"), get_args(PlanStep)),
    "sign-ins": (texts("Sign-ins"), (SignedIn, SignedInElsewhere, SubjectRefused, SignInFailed, SignedOut)),
    "links": (texts("Private links"), get_args(LinkEvent)),
    "people": (
        texts("Changes of people"),
        (PersonAdmitted, PersonChanged, PasswordSet, CodeIssued, PinSet, SubjectBound),
    ),
    "sign-off": (texts("Facts and settings signed"), get_args(SignOffEvent)),
    "letters": (texts("Reports and letters"), (ReportMade,)),
    "records": (
        texts("Records of patients"),
        (LevelMeasured, DosesStated, DosesTakenBack, Contact, Note, Erasure),
    ),
    "chair": (texts("At the chair"), (*get_args(Happening), Corrected)),
    "after": (texts("In the days after"), get_args(FollowUpEvent)),
}
"""What may be asked for: its name, and the kinds of events. Every kind that is written is of one group."""
PLANS, LINKS, CHAIR, AFTER = (
    frozenset(tag(kind) for kind in GROUPS[name][1]) for name in ("plans", "links", "chair", "after")
)

_STEP = texts(
    {
        "plan_made": "put plan {plan} into the journal",
        "prescribed": "prescribed plan {plan}",
        "verified": "verified plan {plan}",
        "released": "released plan {plan}",
        "reopened": "reopened plan {plan}: its signatures are void",
        "superseded": "took plan {plan} out of use",
    }
)
_LINK = texts(
    {
        "link_made": "made a private link",
        "link_used": "came in by a private link",
        "link_refused": "came with a private link and was refused",
        "link_revoked": "took a private link back",
    }
)
_BECAUSE: dict[Because, str] = texts(
    {
        "code": "typed a wrong code for a private link and was refused",
        "locked": "came with a private link that five wrong codes had closed, and was refused",
        "used": "came with a private link that had been used, and was refused",
        "revoked": "came with a private link that had been taken back, and was refused",
        "expired": "came with a private link after its time, and was refused",
    }
)
_RECORDED = texts(
    {
        "contact": "recorded how the patient is reached",
        "erased": "erased the patient’s data",
        "level_measured": "recorded an IgG level",
        "doses_stated": "stated the doses before the first infusion here",
        "doses_taken_back": "took back what was stated of the doses before",
        "note": "wrote a note",
        "report_made": "made a report, letter or card",
    }
)
_MADE = texts(
    {
        "look-back": "made a letter about a lot that was recalled",
        "travel": "made a letter for travel",
        "card": "made a wallet card",
    }
)
_MISSING = texts(
    {
        "role": "was refused ({what}): not in their roles",
        "site": "was refused ({what}): not admitted at that site",
        "relationship": "was refused ({what}): the patient was never treated at a site of theirs",
        "account": "was refused ({what}): the account is not theirs to change",
    }
)
LOOKED: dict[str, str] = texts(
    {
        "chair.read": "looked at an infusion",
        "chair.record": "sent an entry at the chair",
        "chair.stop": "sent a stop, a pause or a slower rate",
        "plan.read": "read a plan",
        "plan.add": "sent a plan to be put into the journal",
        "plan.prescribe": "went to prescribe a plan",
        "plan.verify": "went to verify a plan",
        "plan.release": "went to release a plan",
        "plan.withdraw": "went to withdraw a plan",
        "patient.read": "read the patient’s record",
        "file.find": "was shown the patient in a search",
        "file.read": "looked at the patient’s file",
        "patient.report": "sent symptoms, an answer or the diary",
        "patient.contact": "sent how the patient is reached",
        "patient.export": "took the patient’s data away",
        "patient.invite": "gave the patient a way in, or took one back",
        "follow_up.read": "looked at the days after an infusion",
        "follow_up.record": "sent results or what followed",
        "levels.read": "looked at IgG levels and forecasts",
        "levels.aim": "went to change what a dose for a target rests on",
        "lots.find": "was shown the patient, by initials, as one who got a lot",
        "lots.read": "looked up how to reach the patient, who got a lot",
        "audit.find": "looked up the patient’s handle",
    }
)
"""By action: what it is to be let through to a patient for it. What came of it has an event of its own."""


def looked(body: object) -> Node:
    """A look at a patient, a refusal, broken glass."""
    match body:
        case GlassBroken(reason=reason):
            return h.strong[say("broke the glass: {reason}", reason=reason)]
        case PatientRead(action=action):
            return say(LOOKED[action]) if action in LOOKED else say("opened the patient’s record")
        case AccessRefused(action=action, missing=missing) if missing in _MISSING:
            what = say(ACTIONS[action].text) if action in ACTIONS else say("a page that is no more")
            return say(_MISSING[missing], what=what)
    return say("cannot be read")


def told(record: Record, names: Mapping[str, str]) -> Node:
    """One event. ``names``: of people by id."""
    kind = record.kind
    if kind in SIGN_OFF:
        return sign_off.told(record)
    if kind in PLANS:
        return _of_plan(record)
    if kind in LINKS:
        found = record.body.because if isinstance(record.body, LinkRefused) else None
        return say(_BECAUSE[found] if found else _LINK[kind])
    if kind in CHAIR:
        return woven("recorded at the chair: infusion {infusion}", infusion=h.code[record.subject])
    if kind in AFTER:
        return woven("recorded in the days after infusion {infusion}", infusion=h.code[record.subject])
    if kind in _RECORDED:
        return _recorded(record)
    return _of_person(record, h.strong[names.get(record.subject, record.subject)])


def _of_plan(record: Record) -> Node:
    plan = h.code[record.subject]
    by = record.body.by if isinstance(record.body, Superseded) else ""
    if by:
        return woven("put plan {other} in the place of plan {plan}", other=h.code[by], plan=plan)
    return woven(_STEP[record.kind], plan=plan)


def _recorded(record: Record) -> str:
    if not isinstance(record.body, ReportMade):
        return say(_RECORDED[record.kind])
    standard = record.body.standard
    return say(_MADE[standard]) if standard in _MADE else say("made a report: {standard}", standard=standard)


def _of_person(record: Record, person: Node) -> Node:
    match record.body:
        case PersonAdmitted(roles=roles, sites=sites):
            at = ", ".join(sites)
            return woven(
                "admitted {person} as {roles} at {sites}", person=person, roles=named(roles), sites=at
            )
        case PersonChanged(active=False):
            return woven("closed the way in of {person}", person=person)
        case PersonChanged(roles=roles, sites=sites):
            at = ", ".join(sites)
            return woven(
                "changed {person} to {roles} at {sites}", person=person, roles=named(roles), sites=at
            )
        case CodeIssued(hash=""):
            return woven("voided the password of {person} and signed them out", person=person)
        case CodeIssued():
            return woven("gave a one-time code to {person}", person=person)
        case SubjectBound(issuer=issuer, subject=""):
            return woven("took the name at {issuer} from {person}", person=person, issuer=issuer)
        case SubjectBound() as bound:
            return woven(
                "bound {person} to {claim} {subject} of {issuer}",
                person=person,
                claim=bound.claim,
                subject=bound.subject,
                issuer=bound.issuer,
            )
        case _:
            return _came(record.body)


def _came(body: object) -> Node:
    match body:
        case PasswordSet():
            return say("chose a password")
        case PinSet():
            return say("chose a PIN")
        case SignedIn():
            return say("signed in")
        case SignedInElsewhere(issuer=issuer):
            return say("signed in at {issuer}", issuer=issuer)
        case SubjectRefused(issuer=issuer, claim=claim, subject=subject):
            return say(
                "{issuer} vouched for {claim} {subject}, whom nobody here is bound to: refused",
                issuer=issuer,
                claim=claim,
                subject=subject,
            )
        case SignInFailed():
            return say("typed a wrong password, code or PIN, or somebody did in this name")
        case SignedOut(everywhere=everywhere):
            return say("signed out everywhere") if everywhere else say("signed out")
        case _:
            return looked(body)
