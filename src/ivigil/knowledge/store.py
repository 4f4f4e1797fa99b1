"""Reading the fact base: TOML in, one typed and indexed ``Knowledge`` out.

Facts are authored as TOML, one room a folder, any kind of record in any file. Reading
them all takes a while, so the merged base is compiled once to MessagePack; the hash of
the TOML text is both the key of that cache and the knowledge version.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from msgspec.structs import astuple

from ivigil.knowledge.care import BaselineTest, Hydration, Instruction, Monitoring, Observation, Premedication
from ivigil.knowledge.conditions import Condition, Disagreement, Jurisdiction
from ivigil.knowledge.evidence import Cited, Document, Fact, Record, Signature, Source, fingerprint
from ivigil.knowledge.growth import WeightForAge
from ivigil.knowledge.hazards import Hazard
from ivigil.knowledge.kinetics import LeanBodyMassFormula, PopulationModel, StandardPatient, VoidingMedicine
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.products import LabelIndication, Product
from ivigil.knowledge.reactions import (
    AgeLimit,
    AnaphylaxisCriterion,
    CtcaeTerm,
    EmergencyDrug,
    GradeAction,
    Incidence,
    Measure,
    Reaction,
    ReactionObservation,
    ReportField,
    RestartRule,
    ResultRule,
    StopRule,
    Symptom,
    SymptomUrgency,
    TermCode,
    TestPanel,
    TimingClass,
    WarningSign,
)
from ivigil.knowledge.timing import (
    AntibodyProduct,
    BaselineSample,
    HalfLife,
    HomeStep,
    IggGuidance,
    LabCode,
    LabCodePitfall,
    LabInterference,
    LabRule,
    LogField,
    PatientAdvice,
    PatientQuestion,
    ReferenceRange,
    Vaccine,
    VaccineInterval,
    VaccineRule,
)
from ivigil.knowledge.trade_items import Recall, TradeItem
from ivigil.knowledge.vocabulary import Term
from ivigil.knowledge.watching import Watching
from ivigil.knowledge.weights import (
    AdjustedWeightFormula,
    DoseCap,
    IdealWeightFormula,
    ReviewRule,
    RoundingRule,
    TroughTarget,
    WeightExample,
    WeightPolicy,
)
from ivigil.knowledge.wording import Translation

FACTS = Path(__file__).parent / "facts"
COMPILED = Path(__file__).parent / "facts.msgpack"


class FactFile(Record):
    """What one TOML file may hold: arrays of records, by kind."""

    source: tuple[Source, ...] = ()
    jurisdiction: tuple[Jurisdiction, ...] = ()
    term: tuple[Term, ...] = ()
    policy: tuple[Policy, ...] = ()
    label_indication: tuple[LabelIndication, ...] = ()
    product: tuple[Product, ...] = ()
    trade_item: tuple[TradeItem, ...] = ()
    recall: tuple[Recall, ...] = ()
    condition: tuple[Condition, ...] = ()
    hazard: tuple[Hazard, ...] = ()
    premedication: tuple[Premedication, ...] = ()
    hydration: tuple[Hydration, ...] = ()
    monitoring: tuple[Monitoring, ...] = ()
    observation: tuple[Observation, ...] = ()
    baseline_test: tuple[BaselineTest, ...] = ()
    instruction: tuple[Instruction, ...] = ()
    ideal_weight: tuple[IdealWeightFormula, ...] = ()
    adjusted_weight: tuple[AdjustedWeightFormula, ...] = ()
    weight_policy: tuple[WeightPolicy, ...] = ()
    rounding_rule: tuple[RoundingRule, ...] = ()
    dose_cap: tuple[DoseCap, ...] = ()
    review_rule: tuple[ReviewRule, ...] = ()
    trough_target: tuple[TroughTarget, ...] = ()
    weight_example: tuple[WeightExample, ...] = ()
    weight_for_age: tuple[WeightForAge, ...] = ()
    disagreement: tuple[Disagreement, ...] = ()
    antibody_product: tuple[AntibodyProduct, ...] = ()
    baseline_sample: tuple[BaselineSample, ...] = ()
    half_life: tuple[HalfLife, ...] = ()
    home_step: tuple[HomeStep, ...] = ()
    igg_guidance: tuple[IggGuidance, ...] = ()
    lab_code: tuple[LabCode, ...] = ()
    lab_code_pitfall: tuple[LabCodePitfall, ...] = ()
    lab_interference: tuple[LabInterference, ...] = ()
    lab_rule: tuple[LabRule, ...] = ()
    log_field: tuple[LogField, ...] = ()
    patient_advice: tuple[PatientAdvice, ...] = ()
    patient_question: tuple[PatientQuestion, ...] = ()
    reference_range: tuple[ReferenceRange, ...] = ()
    vaccine: tuple[Vaccine, ...] = ()
    vaccine_interval: tuple[VaccineInterval, ...] = ()
    vaccine_rule: tuple[VaccineRule, ...] = ()
    symptom: tuple[Symptom, ...] = ()
    measure: tuple[Measure, ...] = ()
    age_limit: tuple[AgeLimit, ...] = ()
    timing_class: tuple[TimingClass, ...] = ()
    reaction: tuple[Reaction, ...] = ()
    ctcae_term: tuple[CtcaeTerm, ...] = ()
    anaphylaxis_criterion: tuple[AnaphylaxisCriterion, ...] = ()
    stop_rule: tuple[StopRule, ...] = ()
    grade_action: tuple[GradeAction, ...] = ()
    restart_rule: tuple[RestartRule, ...] = ()
    reaction_observation: tuple[ReactionObservation, ...] = ()
    emergency_drug: tuple[EmergencyDrug, ...] = ()
    symptom_urgency: tuple[SymptomUrgency, ...] = ()
    warning_sign: tuple[WarningSign, ...] = ()
    incidence: tuple[Incidence, ...] = ()
    test_panel: tuple[TestPanel, ...] = ()
    result_rule: tuple[ResultRule, ...] = ()
    report_field: tuple[ReportField, ...] = ()
    term_code: tuple[TermCode, ...] = ()
    population_model: tuple[PopulationModel, ...] = ()
    lean_body_mass: tuple[LeanBodyMassFormula, ...] = ()
    standard_patient: tuple[StandardPatient, ...] = ()
    voiding_medicine: tuple[VoidingMedicine, ...] = ()
    translation: tuple[Translation, ...] = ()


T = TypeVar("T")

_NONE: frozenset[str] = frozenset()
KINDS: tuple[str, ...] = FactFile.__struct_fields__


class Site(Record):
    """Who runs this installation and whom to call. Empty fields are unknown, never defaults."""

    name: str = ""
    emergency_phone: str = ""
    contact_phone: str = ""
    after_hours_phone: str = ""
    time_zone: str = ""
    """IANA name, for example "Europe/Stockholm"."""
    jurisdiction: str = ""
    """Where orders are planned for, as a form suggests it; an order states its own."""
    patient_identifier_system: str = ""
    """The naming system of the site's patient identifiers, as a form suggests it."""
    watch: Watching | None = None
    """None: nobody is known to watch at any time."""


class Knowledge(msgspec.Struct, frozen=True, dict=True, eq=False):
    """The whole fact base with its version, its signatures and its site settings.

    Immutable; every index is built on first use. ``signed`` holds the ids of facts whose
    site signatures are valid for their present content (see ``site.overlay``).
    """

    facts: FactFile
    version: str
    site: Site = Site()
    zone: dt.tzinfo | None = None
    """The site's time zone; None: the order's own offset is kept."""
    signed: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    """Facts that the site added; they permit nothing before two people signed them."""
    signatures: tuple[Signature, ...] = ()
    """Everybody's of the site that was not taken back: also one alone, also one under an earlier text."""
    loosened: tuple[str, ...] = ()
    """Signed settings of the site that loosen a default: shown on every page."""

    def permits(self, fact: Fact) -> bool:
        """May this fact set a dose or a rate? Strong evidence of ours, or signed; never a superseded one."""
        return not fact.replaced and (fact.id in self.signed or not (fact.weak or fact.id in self.local))

    def signatures_of(self, fact: Fact) -> tuple[Signature, ...]:
        """Those under the fact as it now is."""
        own = self._by_fact.get(fact.id, ())
        return tuple(each for each in own if each.fingerprint == fingerprint(fact)) if own else ()

    def lapsed(self, fact: Fact) -> tuple[Signature, ...]:
        """Those under an earlier text of the fact; they count for nothing."""
        own = self._by_fact.get(fact.id, ())
        return tuple(each for each in own if each.fingerprint != fingerprint(fact)) if own else ()

    @cached_property
    def _by_fact(self) -> dict[str, tuple[Signature, ...]]:
        found: dict[str, tuple[Signature, ...]] = {}
        for each in self.signatures:
            found[each.fact] = (*found.get(each.fact, ()), each)
        return found

    def is_on(self, switch: str) -> bool:
        """Is what a policy of the choices "on" and "off" decides switched on?"""
        return self.policies[switch].choice == "on"

    def stabilisers_of(self, product: Product) -> tuple[str, ...] | None:
        """The product's stabilisers; None unless they were read, for a missing one would lift a warning.

        Where no sugar was read, no sugar is missing.
        """
        named = product.properties_named("stabiliser")
        sugar = product.properties_named("sugar_g_per_g_protein")
        read = bool(named) and all(map(self.permits, named))
        if not read and not any(item.number == 0 and self.permits(item) for item in sugar):
            return None
        return tuple(item.text for item in named if item.text)

    @cached_property
    def sources(self) -> dict[str, Source]:
        return {source.id: source for source in self.facts.source}

    @cached_property
    def terms(self) -> dict[str, Term]:
        return {term.id: term for term in self.facts.term}

    @cached_property
    def implied_flags(self) -> tuple[Term, ...]:
        """Flags that other answers may settle (see ``vocabulary.settle``)."""
        flags = (term for term in self.facts.term if term.kind == "flag")
        return tuple(flag for flag in flags if flag.signs or flag.when or flag.absent_when)

    @cached_property
    def policies(self) -> dict[str, Policy]:
        return {policy.id: policy for policy in self.facts.policy}

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        return {condition.id: condition for condition in self.facts.condition}

    @cached_property
    def products(self) -> dict[str, Product]:
        return {product.id: product for product in self.facts.product}

    @cached_property
    def trade_items(self) -> dict[str, tuple[TradeItem, ...]]:
        """By GTIN. More than one only where a site added an item of its own for a GTIN of ours."""
        items: dict[str, tuple[TradeItem, ...]] = {}
        for item in self.facts.trade_item:
            items[item.gtin] = (*items.get(item.gtin, ()), item)
        return items

    @cached_property
    def hazards(self) -> dict[str, Hazard]:
        return {hazard.id: hazard for hazard in self.facts.hazard}

    @cached_property
    def population_models(self) -> dict[str, PopulationModel]:
        return {model.id: model for model in self.facts.population_model}

    @cached_property
    def label_indications(self) -> dict[str, LabelIndication]:
        return {item.id: item for item in self.facts.label_indication}

    @cached_property
    def jurisdictions(self) -> dict[str, Jurisdiction]:
        return {item.id: item for item in self.facts.jurisdiction}

    @cached_property
    def by_id(self) -> dict[str, Fact]:
        """Every fact, nested ones included."""
        return {fact.id: fact for fact in all_facts(self.facts)}

    def kept(self, make: Callable[[Knowledge], T]) -> T:
        """What a room above makes of these facts: made when first asked for, kept as long as they are."""
        if make not in self._kept:
            self._kept[make] = make(self)
        return cast("T", self._kept[make])

    @cached_property
    def _kept(self) -> dict[Callable[[Knowledge], object], object]:
        return {}

    def cited(self, fact: Fact) -> Cited:
        """The evidence of one fact with its documents; made when it is first cited."""
        known = self._citations.get(fact.id)
        if known is None:
            known = self._citations[fact.id] = self._cite(fact)
        return known

    @cached_property
    def _citations(self) -> dict[str, Cited]:
        return {}

    def _cite(self, fact: Fact) -> Cited:
        documents = tuple(
            Document(id=s.id, title=s.title, publisher=s.publisher, version=s.version, url=s.url)
            for s in (self.sources[key] for key in fact.sources if key in self.sources)
        )
        return Cited(
            basis=fact.basis,
            seen=fact.seen,
            documents=documents,
            locator=fact.locator,
            note=fact.note,
            signed=fact.id in self.signed,
        )

    def covers(self, indications: Iterable[str], condition: str) -> bool:
        """True if one of a label's uses covers the condition, or if it names none and means any."""
        codes = tuple(indications)
        return not codes or not self._uses_of.get(condition, _NONE).isdisjoint(codes)

    @cached_property
    def _uses_of(self) -> dict[str, frozenset[str]]:
        """Condition -> the label indications that cover it."""
        named = {condition for item in self.facts.label_indication for condition in item.conditions}
        uses = self.label_indications.values()
        return {name: frozenset(use.id for use in uses if name in use.conditions) for name in named}

    def lineage(self, jurisdiction: str) -> tuple[str, ...]:
        """The jurisdiction and everything it lies in, innermost first."""
        return self._lineages.get(jurisdiction) or self._lineage(jurisdiction)

    @cached_property
    def _lineages(self) -> dict[str, tuple[str, ...]]:
        return {place: self._lineage(place) for place in self.jurisdictions}

    def _lineage(self, jurisdiction: str) -> tuple[str, ...]:
        chain: list[str] = []
        while jurisdiction and jurisdiction not in chain:
            chain.append(jurisdiction)
            node = self.jurisdictions.get(jurisdiction)
            jurisdiction = node.parent if node else ""
        return tuple(chain)


def all_facts(record: Record) -> Iterator[Fact]:
    """Every fact in a record, depth first, the record itself included if it is one."""
    found: list[Fact] = []
    _gather(record, found)
    return iter(found)


def _gather(record: Record, found: list[Fact]) -> None:
    """Facts stand in facts or in a file of them; other records (steps, conditions) hold none."""
    if isinstance(record, Fact):
        found.append(record)
    for value in astuple(record):
        if value.__class__ is tuple:
            if value and isinstance(value[0], Fact):
                for item in value:
                    _gather(item, found)
        elif isinstance(value, Fact):
            _gather(value, found)


class KnowledgeError(Exception):
    """The fact base cannot be read; lists every fault as "file: what"."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def read_folder(folder: Path) -> tuple[FactFile, str]:
    """Read and merge every TOML file below ``folder``; return the facts and their hash.

    Raises KnowledgeError listing every file that is not valid TOML or not of the schema.
    """
    texts = _texts(folder)
    return _merge(texts), _version(texts)


def load(folder: Path = FACTS, compiled: Path = COMPILED) -> Knowledge:
    """Load the fact base, from the compiled form if it matches the TOML text."""
    texts = _texts(folder)
    version = _version(texts)
    facts = _read_compiled(compiled, version)
    if facts is None:
        facts = _merge(texts)
        _write_compiled(compiled, version, facts)
    return Knowledge(facts, version)


def _texts(folder: Path) -> list[tuple[str, bytes]]:
    paths = sorted(folder.rglob("*.toml"))
    return [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths]


def _version(texts: list[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for name, text in texts:
        digest.update(f"{name}\0{len(text)}\0".encode())
        digest.update(text)
    return digest.hexdigest()[:16]


def _merge(texts: list[tuple[str, bytes]]) -> FactFile:
    merged: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    faults: list[str] = []
    for name, text in texts:
        try:
            content = tomllib.loads(text.decode(), parse_float=Decimal)
            parsed = msgspec.convert(content, FactFile)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
            faults.append(f"{name}: {error}")
            continue
        for kind in KINDS:
            merged[kind].extend(getattr(parsed, kind))
    if faults:
        raise KnowledgeError(faults)
    return FactFile(**{kind: tuple(records) for kind, records in merged.items()})


def _read_compiled(path: Path, version: str) -> FactFile | None:
    try:
        stored, _, body = path.read_bytes().partition(b"\n")
        if stored.decode() != version:
            return None
        return msgspec.msgpack.decode(body, type=FactFile)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError):
        return None


def _write_compiled(path: Path, version: str, facts: FactFile) -> None:
    """Write beside and rename, so that a reader never meets half a file; skip if read-only."""
    body = version.encode() + b"\n" + msgspec.msgpack.encode(facts)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as stream:
            stream.write(body)
        os.replace(name, path)
    except OSError:
        return
