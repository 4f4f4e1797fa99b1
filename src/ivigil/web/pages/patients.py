"""A patient's file for the team: who they are, what was planned and given, what they told, who looked."""

from __future__ import annotations

import datetime as dt

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from ivigil.aftercare.happenings import CheckInAnswered, DiaryEntry, Reader, SymptomsReported
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import infusion_id
from ivigil.infusion.progress import given_g
from ivigil.patient import Sex
from ivigil.practice.aftermath import Case, standings, triage_of
from ivigil.practice.entry import draft
from ivigil.practice.file import File, open_file
from ivigil.practice.reports import complaints
from ivigil.records.authorisation import Step
from ivigil.records.bodies import Contact
from ivigil.records.entrance import of_reads
from ivigil.records.lookback import contacts
from ivigil.records.past import tolerated
from ivigil.sheets.after_words import STATE
from ivigil.sheets.chair import reading
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import counted, say, texts
from ivigil.sheets.triage import TITLE, patient_answer
from ivigil.sheets.triage_words import reasons
from ivigil.sheets.wording import Wording
from ivigil.web import shell
from ivigil.web.access.desk import CODE_HOLDS
from ivigil.web.access.links import HOLDS, Link, LinkState, Made
from ivigil.web.access.people import Person
from ivigil.web.given import Asked, TheVisit
from ivigil.web.parts import field
from ivigil.web.parts.contact import contact_faults, refused
from ivigil.web.parts.identity import UNNAMED, identity
from ivigil.web.parts.notice import Tone, faults, notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.trail import looked
from ivigil.web.parts.woven import woven
from ivigil.web.paths import going_on
from ivigil.web.visit import Visit

_READS_SHOWN = 50
_FOUND_SHOWN = 10
_SHORTEST_SEARCH = 3
_LINK: dict[LinkState, str] = texts(
    {
        "open": "open: not used yet",
        "used": "used",
        "revoked": "revoked",
        "locked": "closed: five wrong codes",
        "expired": "expired",
    }
)
_SEX: dict[Sex, str] = texts({"female": "female", "male": "male"})
_STEP: dict[Step, str] = texts(
    {
        "made": "made",
        "prescribed": "prescribed",
        "verified": "verified",
        "released": "released",
        "reopened": "reopened",
        "superseded": "superseded",
    }
)
_BY: dict[Reader, str] = texts({"patient": "patient", "team": "team"})


class NewContact(msgspec.Struct):
    """What the form sends."""

    name: str = ""
    phone: str = ""


class Search(msgspec.Struct):
    """What the form sends: never in an address."""

    text: str = ""


class Revoked(msgspec.Struct):
    """Which link."""

    link: str = ""


@get("/patients", needs="file.find", sync_to_thread=True)
def search(visit: TheVisit) -> Response[str]:
    """The form."""
    return _search_page(visit, "")


@post("/patients", needs="file.find", status_code=200, sync_to_thread=True)
def find(visit: TheVisit, data: URLEncodedBody[Search]) -> Response[str]:
    """Patients of this person's sites by a part of their name or identifier; each that is shown is a read."""
    wanted = " ".join(data.text.casefold().split())
    if len(wanted) < _SHORTEST_SEARCH:
        accepted = say("{count} characters or more", count=str(_SHORTEST_SEARCH))
        wrong = (refused(say("Name or identifier"), data.text, accepted),)
        return _search_page(visit, data.text, wrong=wrong)
    found = [
        (stream, contact)
        for stream, contact in sorted(contacts(visit.journal).items(), key=lambda each: each[1].name)
        if wanted in contact.name.casefold() or wanted in contact.patient.value.casefold()
        if visit.may("file.read", stream)
    ]
    for stream, _ in found[:_FOUND_SHOWN]:
        visit.read(stream, "file.find")
    return _search_page(visit, data.text, found)


@get("/patients/{patient:str}", needs="file.read", sync_to_thread=True)
def show(visit: TheVisit, patient: FromPath[str]) -> Response[str]:
    """The whole file."""
    return _page(visit, patient)


@post("/patients/{patient:str}/contact", needs="patient.contact", status_code=200, sync_to_thread=True)
def contact(
    visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[NewContact]
) -> Response[str] | Redirect:
    """How the patient is reached from now on."""
    file = _file(visit, patient)
    plan = file.plan
    if plan is None:
        raise NotFoundException(detail="no plan says who this is")
    name, phone = data.name.strip(), data.phone.strip()
    wrong = tuple(contact_faults(name, phone))
    if not name:
        wrong = (refused(say("Name"), name, say("1 to 200 printable characters")), *wrong)
    if wrong:
        return _page(visit, patient, wrong=wrong)
    body = Contact(patient=plan.order.patient.id, name=name, phone=phone)
    visit.journal.append([draft(visit.entry(), patient, body)])
    return Redirect(f"/patients/{patient}", status_code=303)


@post("/patients/{patient:str}/link", needs="patient.invite", status_code=200, sync_to_thread=True)
def make_link(request: Asked, visit: TheVisit, patient: FromPath[str]) -> Response[str]:
    """A private link with its code, shown once."""
    _file(visit, patient)
    made = visit.door.links.make(visit.person.author, patient)
    return _page(visit, patient, told=_handed(visit, made, _address(request, visit, made.secret)))


@post("/patients/{patient:str}/link/revoke", needs="patient.invite", status_code=303, sync_to_thread=True)
def revoke_link(visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[Revoked]) -> Redirect:
    """A link is taken back, and whoever came in by it is out."""
    found = [link for link in visit.door.links.of_patient(patient) if link.id == data.link]
    if not found:
        raise NotFoundException(detail="no such link of this patient")
    visit.door.links.revoke(visit.person.author, found[0])
    return Redirect(f"/patients/{patient}", status_code=303)


@post("/patients/{patient:str}/code", needs="patient.invite", status_code=200, sync_to_thread=True)
def give_code(request: Asked, visit: TheVisit, patient: FromPath[str]) -> Response[str]:
    """A one-time code in place of a password that the patient lost, shown once."""
    account = visit.door.links.account(patient)
    if account is None:
        raise NotFoundException(detail="this patient has no account")
    code = visit.door.desk.issue_code(visit.person.author, account)
    at = f"{_origin(request, visit)}{going_on('/code', '/me')}"
    return _page(visit, patient, told=_coded(account, code, at))


def _search_page(
    visit: Visit,
    text: str,
    found: list[tuple[str, Contact]] | None = None,
    *,
    wrong: tuple[str, ...] = (),
) -> Response[str]:
    more = len(found or ()) - _FOUND_SHOWN
    return shell.page(
        say("Patients"),
        visit,
        faults(wrong, asked=True),
        field.form(visit.form_token, "/patients", classes="narrow")[
            field.text(
                "text",
                say("Name or identifier"),
                text,
                hint=say(
                    "A part of it, {count} characters or more. Whoever is shown is recorded.",
                    count=str(_SHORTEST_SEARCH),
                ),
            ),
            field.submit(say("Find")),
        ],
        table(
            say("Found"),
            (say("Name"), say("Identifier")),
            (
                (
                    h.a(href=f"/patients/{stream}")[contact.name],
                    f"{contact.patient.value} ({contact.patient.system})",
                )
                for stream, contact in found[:_FOUND_SHOWN]
            ),
            empty=say("Nobody at your sites."),
        )
        if found is not None
        else None,
        h.p[say("And {count} more: write more of the name.", count=str(more))] if more > 0 else None,
        status=400 if wrong else 200,
    )


def _file(visit: Visit, patient: str) -> File:
    return open_file(visit.journal, patient, visit.knowledge, visit.now)


def _address(request: Asked, visit: Visit, secret: str) -> str:
    return f"{_origin(request, visit)}/in/{secret}"


def _origin(request: Asked, visit: Visit) -> str:
    """Where this server is, as the browser reached it."""
    scheme = "https" if visit.door.settings.behind_proxy else "http"
    return f"{scheme}://{request.headers.get('host', '')}"


def _page(visit: Visit, patient: str, *, wrong: tuple[str, ...] = (), told: Node = None) -> Response[str]:
    file = _file(visit, patient)
    return shell.page(
        say("Patient"),
        visit,
        faults(wrong),
        told,
        _after(visit, file),
        _identity(visit, file),
        _plans(visit, file),
        _infusions(visit, file),
        _tolerance(visit, file),
        _results(visit, patient),
        _igg(visit, patient),
        _links(visit, file),
        _looked(visit, file),
        banner=banner(file),
        styles=("patients.css",),
        status=400 if wrong else 200,
    )


def _results(visit: Visit, patient: str) -> Node:
    if not visit.may("follow_up.read", patient):
        return None
    return h.section[
        h.h2[say("Laboratory")], h.p[h.a(href=f"/patients/{patient}/results")[say("Results: record, see")]]
    ]


def _igg(visit: Visit, patient: str) -> Node:
    if not visit.may("levels.read", patient):
        return None
    return h.section[h.h2["IgG"], h.p[h.a(href=f"/patients/{patient}/levels")[say("Levels and forecasts")]]]


def banner(file: File) -> Node:
    """Two identifiers, always in view."""
    name = file.contact.name if file.contact else ""
    if file.plan is None:
        return h.strong[name or say(UNNAMED)]
    who = file.plan.order.patient
    return identity(name, who.id.value, who.birth_date)


# ---- the days after


def _after(visit: Visit, file: File) -> Element:
    if not file.cases:
        return h.section[h.h2[say("After the infusion")], h.p(".soft")[say("Nothing was given yet.")]]
    last = file.cases[-1]
    return h.section[
        h.h2[say("After the infusion")],
        [_after_one(visit, case, last=case is last) for case in reversed(file.cases)],
    ]


def _after_one(visit: Visit, case: Case, *, last: bool) -> Node:
    """One infusion that is followed: the last one, or one before it that still asks or whose report waits."""
    ended, began = case.episode.ended_at, case.episode.started_at or case.day.start
    time = _when(visit, ended) if ended else say("– not recorded")
    return [
        h.p(".soft")[
            woven("Last infusion ended {time}.", time=time)
            if last
            else woven("The infusion of {began} ended {time}.", began=_when(visit, began), time=time)
        ],
        _urgency(case),
        h.p[h.a(href=f"/inbox/{case.episode.infusion}")[say("Read and settle it in the inbox")]]
        if complaints(case.known) and visit.may("follow_up.read", case.stream)
        else None,
        _told(visit, case),
        _check_ins(visit, case) if ended else None,
    ]


def _urgency(case: Case) -> Node:
    """How soon what was told needs care, and why; until a clinician settles it."""
    if not case.knowledge.is_on("policy.patient_triage"):
        return notice("info", h.p[say("The site has switched the answer to reports off.")])
    found = triage_of(case)
    if found is None:
        return h.p[say("No report waits.")]
    words = patient_answer(found, case.knowledge, Wording(case.knowledge))
    tones: dict[str, Tone] = {"emergency_now": "stop", "same_day": "slow"}
    return notice(
        tones.get(found.urgency, "info"),
        h.p(".urgency")[say(TITLE[found.urgency])],
        h.p[woven("The patient was told: {words}", words=h.q(lang="en")[words.call])],
        h.ul[[h.li[text] for text in reasons(found.leading, case.knowledge)]],
    )


def _told(visit: Visit, case: Case) -> Element:
    rows = [
        (_when(visit, each.at), what, _said(report, case), each.by)
        for each in reversed(case.known)
        if (found := _of(each.what)) is not None
        for what, report in [found]
    ]
    heads = (say("When"), say("How"), say("What"), say("Written by"))
    return table(say("What was told"), heads, rows, empty=say("Nothing yet."), stacked=True)


def _of(what: object) -> tuple[str, SymptomReport] | None:
    match what:
        case SymptomsReported(report=report):
            return say("something is wrong"), report
        case CheckInAnswered(report=report, taken_by=by):
            return say("check-in, answered by the {who}", who=say(_BY[by])), report
        case DiaryEntry(report=report):
            return say("diary"), report
    return None


def _said(report: SymptomReport, case: Case) -> str:
    """What is there, in a clinician's words; own words in quotation marks."""
    names = {symptom.id: symptom.name for symptom in case.knowledge.facts.symptom}
    parts = [names.get(name, name) for name in report.present]
    parts += [f"“{text}”" for text in report.own_words]
    parts += [reading(name, value, case.knowledge) for name, value in report.readings.items()]
    gone = [names.get(name, name) for name in report.absent]
    said = ", ".join(parts) or say("nothing of the list")
    return say("{said} ({count} asked and not present)", said=said, count=str(len(gone))) if gone else said


def _check_ins(visit: Visit, case: Case) -> Element:
    return table(
        say("Check-ins"),
        (say("Due"), say("Where it stands"), say("At risk")),
        (
            (
                _when(visit, each.check_in.due),
                say(STATE[each.state]),
                say("yes") if each.check_in.at_high_risk else "–",
            )
            for each in standings(case)
        ),
    )


# ---- who it is, what was planned and given


def _identity(visit: Visit, file: File) -> Element:
    plan, contact = file.plan, file.contact
    rows: list[tuple[str, Node]] = []
    if plan is not None:
        who = plan.order.patient
        rows = [
            (say("Identifier"), f"{who.id.value} ({who.id.system})"),
            (say("Born"), str(who.birth_date)),
            (say("Sex"), say(_SEX[who.sex])),
            (
                say("Weight"),
                f"{number(who.weight_kg)} kg" + (f", {who.weight_date}" if who.weight_date else ""),
            ),
        ]
    rows += [
        (say("Name"), contact.name if contact else say("not on record")),
        (say("Phone"), contact.phone if contact and contact.phone else say("not on record")),
    ]
    return h.section[
        h.h2[say("Who it is")],
        h.dl(".facts")[[(h.dt[name], h.dd[value]) for name, value in rows]],
        h.details[
            h.summary[say("Change name or phone")],
            field.form(visit.form_token, f"/patients/{file.stream}/contact", classes="narrow")[
                field.text("name", say("Name"), contact.name if contact else ""),
                field.text(
                    "phone", say("Phone"), contact.phone if contact else "", type="tel", required=False
                ),
                field.submit(say("Save")),
            ],
        ]
        if plan is not None and visit.may("patient.contact", file.stream)
        else None,
    ]


def _plans(visit: Visit, file: File) -> Element:
    names = visit.knowledge.conditions
    return table(
        say("Plans"),
        (say("Plan"), say("From"), say("For"), say("Product"), say("State")),
        (
            (
                h.a(href=f"/plans/{each.plan.id}")[h.code[each.plan.id]],
                f"{each.plan.order.start:%Y-%m-%d}",
                names[each.plan.order.condition].name,
                each.plan.product.name if each.plan.product else "–",
                say(_STEP[each.step]),
            )
            for each in reversed(file.plans)
        ),
        empty=say("No plan."),
        stacked=True,
    )


def _infusions(visit: Visit, file: File) -> Element:
    rows: list[tuple[Node, ...]] = []
    for plan, state in reversed(file.given):
        day, began = state.day.number, _when(visit, state.started_at or state.day.start)
        grams = (
            f"{number(given_g(state, state.ended_at))} g" if state.ended_at else say("running or not closed")
        )
        lots = ", ".join(dict.fromkeys(vial.lot or say("NOT READ") for vial in state.vials))
        hung = dict.fromkeys(vial.product or "" for vial in state.vials)
        products = [visit.knowledge.products[name].name for name in hung if name in visit.knowledge.products]
        chair = h.a(href=f"/chair/{plan.id}/{day}")[began]
        rows.append(
            (
                chair,
                ", ".join(products) or "–",
                grams,
                lots or say("none recorded"),
                infusion_id(plan.id, day),
            )
        )
    headings = (say("Began"), say("Product"), say("Given"), say("Lots"), say("Id"))
    return table(say("Infusions and lots"), headings, rows, empty=say("Nothing was given yet."), stacked=True)


def _when(visit: Visit, at: dt.datetime) -> Element:
    """In the site's zone."""
    return stamp(at, visit.zone)


def _tolerance(visit: Visit, file: File) -> Element:
    known = visit.knowledge.products
    return table(
        say("Tolerance remembered"),
        (say("Product"), say("Last"), say("Infusions without a reaction"), say("Highest rate tolerated")),
        (
            (
                known[each.product].name if each.product in known else say("not known"),
                str(each.last_date),
                str(each.infusions),
                f"{number(each.highest_ml_per_kg_h)} mL/kg/h" if each.highest_ml_per_kg_h else say("none"),
            )
            for each in reversed(tolerated(visit.journal, file.stream, visit.knowledge))
        ),
        empty=say("No finished infusion."),
        numbers=(2, 3),
    )


# ---- the private link, and who looked


def _links(visit: Visit, file: File) -> Node:
    if not visit.may("patient.invite", file.stream):
        return None
    base, token = f"/patients/{file.stream}", visit.form_token
    found = visit.door.links.of_patient(file.stream)
    return h.section[
        h.h2[say("Private link")],
        h.p[
            say(
                "With it the patient comes in from their own phone: once, within {days} days, by a code. "
                "Send the link as you like; give the code by hand or by voice, never in the same message.",
                days=str(HOLDS.days),
            )
        ],
        field.form(token, f"{base}/link")[field.submit(say("Make a private link"))],
        table(
            say("Links made"),
            (say("Made"), say("By"), say("Holds until"), say("State"), say("Take back")),
            ((*_link(visit, link), _revoking(visit, base, link)) for link in found),
            empty=say("None."),
            stacked=True,
        ),
        _lost_password(visit, file),
    ]


def _lost_password(visit: Visit, file: File) -> Node:
    """For a patient who has an account: another password, without a link."""
    account = visit.door.links.account(file.stream)
    if account is None:
        return None
    return h.details[
        h.summary[say("They lost their password")],
        h.p[
            say(
                "With a one-time code they choose another one and come in as before. It takes the place of "
                "their password at once and signs them out. Give it only to the patient, in person."
            )
        ],
        field.form(visit.form_token, f"/patients/{file.stream}/code")[
            field.submit(say("Give a one-time code"), kind="plain")
        ],
    ]


def _coded(account: Person, code: str, at: str) -> Element:
    """The code, with what is typed beside it; it is kept nowhere."""
    hours = str(int(CODE_HOLDS.total_seconds() // 3600))
    return notice(
        "go",
        h.p[say("A one-time code was made. It is shown only now, and their old password is void.")],
        h.dl(".facts")[
            h.dt[say("Their sign-in name")],
            h.dd[h.strong[account.sign_in]],
            h.dt[say("One-time code, by hand")],
            h.dd[h.code(".code")[code]],
            h.dt[say("To be typed at")],
            h.dd[h.code(".handed")[at]],
        ],
        h.p[say("It counts once, for {hours} hours.", hours=hours)],
        urgent=True,
    )


def _link(visit: Visit, link: Link) -> tuple[Node, ...]:
    state = link.state(visit.now)
    told = say(_LINK[state])
    used: Node = [told, " ", _when(visit, link.used_at)] if link.used_at else told
    wrong = ""
    if link.wrong_codes and state != "locked":
        wrong = " " + counted(link.wrong_codes, "({count} wrong code)", "({count} wrong codes)")
    return (
        _when(visit, link.made_at),
        link.made_by,
        _when(visit, link.until),
        [used, wrong],
    )


def _revoking(visit: Visit, base: str, link: Link) -> Node:
    if link.state(visit.now) not in ("open", "used"):
        return None
    what = say("Revoke: they are signed out, their password is void" if link.used_at else "Revoke")
    return field.form(visit.form_token, f"{base}/link/revoke")[
        h.input(type="hidden", name="link", value=link.id), field.submit(what, kind="plain")
    ]


def _handed(visit: Visit, made: Made, address: str) -> Element:
    """The link and its code; neither is kept, so that neither can be shown again."""
    return notice(
        "go",
        h.p[say("A link was made. It is shown only now. Those before it that nobody used are revoked.")],
        h.dl(".facts")[
            h.dt[say("Link, to send")],
            h.dd[h.code(".handed")[address]],
            h.dt[say("Code, by hand or by voice")],
            h.dd[h.strong(".code")[f"{made.code[:3]} {made.code[3:]}"]],
            h.dt[say("Holds until")],
            h.dd[_when(visit, made.link.until)],
        ],
        urgent=True,
    )


def _looked(visit: Visit, file: File) -> Element:
    """The reads of this patient, the last first."""
    records = visit.journal.read(visit.journal.stream(of_reads(file.stream)))
    names = {person.id: person.name for person in visit.door.desk.people.all()}
    shown = records[-_READS_SHOWN:]
    return h.details[
        h.summary[h.h2[say("Who looked")]],
        table(
            say("The last {shown} of {count}", shown=str(len(shown)), count=str(len(records))),
            (say("When"), say("Who"), say("What")),
            (
                (
                    _when(visit, each.received_at),
                    names.get(getattr(each.body, "person", ""), each.author),
                    looked(each.body),
                )
                for each in reversed(shown)
            ),
            empty=say("Nobody."),
        ),
    ]


routes = [search, find, show, contact, make_link, revoke_link, give_code]
