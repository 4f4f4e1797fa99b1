"""A site's overlay: signatures, policies, local facts, phone numbers, time zone.

The overlay enters once, here, and with it what people of the site signed on pages. Anything that
loosens takes two signatures by different people, bound to the hash of what they signed; a signature
lapses when the fact changes. An overlay that cannot be read is fatal: there is no silent fallback.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from ivigil.knowledge.evidence import Fact, Signature, fingerprint
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.store import KINDS, FactFile, Knowledge, KnowledgeError, Site, all_facts

SIGNATURES_TO_LOOSEN = 2


class OverlayFile(FactFile):
    """One TOML file of an overlay: any facts, and the site's own records."""

    signature: tuple[Signature, ...] = ()
    site: Site | None = None


class Overlay(msgspec.Struct, frozen=True):
    """A whole overlay folder, merged."""

    facts: FactFile
    signatures: tuple[Signature, ...]
    site: Site
    version: str
    """Hash of the files; "" if there are none."""


NO_OVERLAY = Overlay(facts=FactFile(), signatures=(), site=Site(), version="")


class Withdrawn(msgspec.Struct, frozen=True):
    """Somebody took back what was signed under one text of a fact, whoever had signed it until then."""

    fact: str
    fingerprint: str
    date: dt.date


class OnPages(msgspec.Struct, frozen=True):
    """What people of the site signed and took back on pages, as it stands by now."""

    signatures: tuple[Signature, ...] = ()
    withdrawn: tuple[Withdrawn, ...] = ()
    policies: tuple[Policy, ...] = ()
    """Settings that two people have signed."""


Texts = tuple[tuple[str, bytes], ...]
"""Every file of an overlay folder: its name and what stands in it."""


def read(folder: Path) -> Overlay:
    """Read every TOML file of an overlay folder. Raises KnowledgeError with all faults."""
    return parsed(texts(folder))


def texts(folder: Path) -> Texts:
    """The TOML files as they are now. Raises KnowledgeError if there are none or one cannot be read."""
    paths = sorted(folder.rglob("*.toml")) if folder.is_dir() else []
    if not paths:
        raise KnowledgeError([f"{folder}: no overlay found here (a folder with TOML files)"])
    found: list[tuple[str, bytes]] = []
    faults: list[str] = []
    for path in paths:
        try:
            found.append((path.name, path.read_bytes()))
        except OSError as error:
            faults.append(f"{path.name}: {error}")
    if faults:
        raise KnowledgeError(faults)
    return tuple(found)


def parsed(found: Texts) -> Overlay:
    """The overlay that stands in these files. Raises KnowledgeError with all faults."""
    faults: list[str] = []
    files: list[OverlayFile] = []
    digest = hashlib.sha256()
    for name, text in found:
        try:
            content = tomllib.loads(text.decode(), parse_float=Decimal)
            files.append(msgspec.convert(content, OverlayFile))
            digest.update(text)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
            faults.append(f"{name}: {error}")
    sites = [f.site for f in files if f.site is not None]
    if len(sites) > 1:
        faults.append("more than one [site] table")
    if faults:
        raise KnowledgeError(faults)
    merged = {kind: tuple(r for f in files for r in getattr(f, kind)) for kind in KINDS}
    return Overlay(
        facts=FactFile(**merged),
        signatures=tuple(s for f in files for s in f.signature),
        site=sites[0] if sites else Site(),
        version=digest.hexdigest()[:8],
    )


def with_pages(base: Knowledge, site: Overlay, pages: OnPages) -> Overlay:
    """The overlay with what was signed on pages; its version changes as soon as that counts.

    A withdrawal voids the signatures of the overlay's files too, of its day and before; a setting of
    the files that loosens and was signed so is left out.
    """
    kept = tuple(each for each in site.signatures if not _taken_back(each, pages))
    signatures = (*kept, *pages.signatures)
    policies = {each.id: each for each in site.facts.policy if not _falls(base, each, kept, site)}
    policies |= {each.id: each for each in pages.policies}
    facts = msgspec.structs.replace(site.facts, policy=tuple(policies.values()))
    merged = msgspec.structs.replace(site, facts=facts, signatures=signatures)
    counts, counted = (_counting(base, each) for each in (merged, site))
    if counts == counted:
        return merged
    text = msgspec.json.encode([site.version, counts])
    return msgspec.structs.replace(merged, version=hashlib.sha256(text).hexdigest()[:8])


def _taken_back(signature: Signature, pages: OnPages) -> bool:
    return any(
        (signature.fact, signature.fingerprint) == (each.fact, each.fingerprint)
        and signature.date <= each.date
        for each in pages.withdrawn
    )


def _falls(base: Knowledge, policy: Policy, kept: Iterable[Signature], site: Overlay) -> bool:
    """Whether a setting of the files stood on signatures that were taken back."""
    before = base.policies.get(policy.id)
    if before is None or not loosens(before, policy):
        return False
    by_id: dict[str, Fact] = {policy.id: policy}
    return policy.id in _signed(site.signatures, by_id) and policy.id not in _signed(kept, by_id)


def _counting(base: Knowledge, site: Overlay) -> list[list[str]]:
    """What of an overlay counts: facts that two people signed, settings."""
    by_id = base.by_id | {fact.id: fact for fact in all_facts(site.facts)}
    return [sorted(_signed(site.signatures, by_id)), sorted(map(fingerprint, site.facts.policy))]


def overlay(base: Knowledge, site: Overlay) -> Knowledge:
    """Lay a site's overlay over the fact base. Raises KnowledgeError if a rule is broken."""
    faults = [*_clashes(base, site), *_policy_faults(base, site)]
    zone = _zone(site.site.time_zone, faults)
    faults += _watch_faults(site.site)
    if faults:
        raise KnowledgeError(faults)
    combined = _combine(base.facts, site.facts)
    by_id = {fact.id: fact for fact in all_facts(combined)}
    return Knowledge(
        facts=combined,
        version=f"{base.version}+{site.version}" if site.version else base.version,
        site=site.site,
        zone=zone,
        signed=_signed(site.signatures, by_id),
        signatures=site.signatures,
        local=frozenset(f.id for f in all_facts(site.facts) if not isinstance(f, Policy)),
        loosened=tuple(p.id for p in site.facts.policy if loosens(base.policies[p.id], p)),
    )


def _signed(signatures: Iterable[Signature], by_id: dict[str, Fact]) -> frozenset[str]:
    """Facts that two different people signed as they now are."""
    signers: dict[str, set[str]] = defaultdict(set)
    for signature in signatures:
        fact = by_id.get(signature.fact)
        if fact is not None and fingerprint(fact) == signature.fingerprint:
            signers[signature.fact].add(signature.signer)
    return frozenset(fact for fact, people in signers.items() if len(people) >= SIGNATURES_TO_LOOSEN)


def _clashes(base: Knowledge, site: Overlay) -> list[str]:
    """Only a policy may be set; every other local fact needs an id of its own."""
    return [
        f"{fact.id}: a site may not replace this fact; sign it, set a policy, or add a local fact"
        for fact in all_facts(site.facts)
        if fact.id in base.by_id and not isinstance(fact, Policy)
    ]


def _policy_faults(base: Knowledge, site: Overlay) -> list[str]:
    faults: list[str] = []
    signed = _signed(site.signatures, {p.id: p for p in site.facts.policy})
    for policy in site.facts.policy:
        before = base.policies.get(policy.id)
        if before is None:
            faults.append(f"{policy.id}: no such policy; accepted: {', '.join(sorted(base.policies))}")
            continue
        faults += _stock_faults(base, site, policy)
        known = (before.choice, *before.alternatives)
        if policy.choice and policy.choice not in known:
            faults.append(f"{policy.id}: choice {policy.choice!r}; accepted: {', '.join(known)}")
        elif loosens(before, policy) and policy.id not in signed:
            faults.append(
                f"{policy.id}: this setting loosens the default and needs two signatures "
                f"with fingerprint {fingerprint(policy)}"
            )
    return faults


def _stock_faults(base: Knowledge, site: Overlay, policy: Policy) -> Iterator[str]:
    """Each row names a product, a size that it comes in, and what is there once."""
    products = {product.id: product for product in (*base.facts.product, *site.facts.product)}
    for row in policy.stock:
        product = products.get(row.product)
        sizes = sorted({vial.grams for vial in product.vials if vial.seen}) if product else []
        if product is None:
            yield f"{policy.id}: no product {row.product!r}"
        elif row.grams is not None and row.grams not in sizes:
            accepted = ", ".join(f"{grams:f}" for grams in sizes)
            yield f"{policy.id}: {row.product} has no vial of {row.grams:f} g; accepted: {accepted}"
        if row.vials is not None and (row.grams is None or row.vials < 0):
            yield f"{policy.id}: {row.product}: vials are counted from 0, for one size in grams"
    counts = Counter((row.product, row.grams) for row in policy.stock)
    whole = {product for product, grams in counts if grams is None}
    for (name, grams), count in counts.items():
        if count > 1 or (name in whole and grams is not None):
            yield f"{policy.id}: {name} is listed twice"


def loosens(before: Policy, after: Policy) -> bool:
    """Whether a setting is bolder than the one before it, as that one says what would be."""
    if after.choice != before.choice and after.choice in before.bolder:
        return True
    if not before.bolder_number or before.number is None or after.number == before.number:
        return False
    if after.number is None or before.bolder_number == "either":
        return True
    return (after.number > before.number) == (before.bolder_number == "higher")


def _combine(base: FactFile, site: FactFile) -> FactFile:
    combined = {kind: (*getattr(base, kind), *getattr(site, kind)) for kind in KINDS}
    policies = {policy.id: policy for policy in (*base.policy, *site.policy)}
    return FactFile(**{**combined, "policy": tuple(policies.values())})


def _zone(name: str, faults: list[str]) -> dt.tzinfo | None:
    if not name:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        faults.append(f"site.time_zone: {name!r}; accepted: an IANA name such as Europe/Stockholm")
        return None


def _watch_faults(site: Site) -> Iterator[str]:
    """Hours that do not say when somebody watches are none."""
    if site.watch is None:
        return
    if not site.time_zone:
        yield "site.watch: without site.time_zone; accepted: with the zone that its hours are told in"
    if not site.watch.hours:
        yield "site.watch.hours: none; accepted: one or more, or no site.watch"
    for at, each in enumerate(site.watch.hours, start=1):
        if not each.days:
            yield f"site.watch.hours {at}: days: none; accepted: one or more of mon to sun"
        if each.start.tzinfo or each.until.tzinfo:
            yield f"site.watch.hours {at}: times with an offset; accepted: the time of day at the site"
        elif each.until <= each.start and each.until != dt.time():
            yield (
                f"site.watch.hours {at}: from {each.start:%H:%M} until {each.until:%H:%M}; accepted: an end "
                "later on the same day, 00:00:00 for its end; a night is two rows"
            )
