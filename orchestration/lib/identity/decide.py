"""From names and weights to decisions: what merges by itself, what a person must look at, what is left alone."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from orchestration.lib.contract import Label
from orchestration.lib.identity.cluster import Clusters, Customer
from orchestration.lib.identity.decisions import Decision
from orchestration.lib.settings import IdentitySettings

Verdict = Literal["merged", "review", "rejected"]
REVIEWED = 3
"""How many candidates of one name stand on the list to review."""

REASONS = {
    "tax_id": Label(en="the same tax id", zh="统一社会信用代码相同"),
    "name": Label(en="the same name, spelt alike", zh="名称相同（统一字形、括号与空格后）"),
    "likeness": Label(en="names that mean one legal entity", zh="名称指向同一法律实体"),
    "override": Label(en="a person decided it", zh="人工判定"),
    "unsure": Label(en="likely, but not sure enough", zh="可能相同，但把握不足"),
    "rivals": Label(en="several are about as likely", zh="有多个可能性相近的候选"),
    "tax_ids": Label(en="alike, but it would join two tax ids", zh="名称相近，但会合并两个不同的统一社会信用代码"),
    "decided": Label(en="a person said that they are different", zh="人工判定为不同主体"),
    "same_name": Label(en="the same name at the same company, other phone and e-mail", zh="同公司同名，电话与邮箱不同"),
}


@dataclass(frozen=True)
class Pair:
    """Two names that were weighed; ``left`` is a customer for pairs of customers, else a company or distributor."""

    left: str
    right: str
    weight: Decimal
    probability: Decimal
    evidence: str


@dataclass(frozen=True)
class Match:
    """One merge or proposal; references say what they name, such as ``customer:erp:K1``."""

    left: str
    left_name: str
    right: str
    right_name: str
    rule: str
    decision: Verdict
    reason: Label
    weight: Decimal | None = None
    probability: Decimal | None = None
    evidence: str = ""
    decided: Decision | None = None

    @property
    def match_id(self) -> str:
        """The same for the same two, whatever is decided about them."""
        return match_id(self.left, self.right)


def match_id(left: str, right: str) -> str:
    """Twelve characters that stand for two references."""
    return hashlib.sha256(f"{left}\0{right}".encode()).hexdigest()[:12]


@dataclass
class Parties:
    """Everything that was decided about customers, companies and distributors.

    Attributes:
        account: customer → the customer that stands for its legal entity.
        rule: customer → why it is not its own account, and the match that says so.
        parent: account → the account that it is a branch of.
        link: reference of a company or distributor → customer, rule and match.
    """

    account: dict[str, str] = field(default_factory=dict)
    rule: dict[str, tuple[str, str]] = field(default_factory=dict)
    parent: dict[str, str] = field(default_factory=dict)
    link: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)


def decide(
    customers: Sequence[Customer],
    others: Mapping[str, tuple[str, str]],
    pairs: Iterable[Pair],
    decisions: Sequence[Decision],
    settings: IdentitySettings,
) -> Parties:
    """Put customers together, then tell which of them each company and distributor is.

    Args:
        customers: every customer number, each once.
        others: reference (``company:…``, ``distributor:…``) → its name and its norm, '' where it names nobody.
        pairs: what was weighed; ``left`` is a reference of ``others`` or of a customer, ``right`` of a customer.
        decisions: of people, about any of these; those that name unknown things change nothing.
    """
    made = Parties()
    between, from_others = [], defaultdict(list)
    for pair in pairs:
        if pair.left.startswith("customer:"):
            between.append(pair)
        else:
            from_others[pair.left].append(pair)
    clusters = _entities(customers, between, decisions, settings, made)
    by_norm: dict[str, list[str]] = defaultdict(list)
    for one in customers:
        if not one.is_nobody and one.norm:
            by_norm[one.norm].append(one.customer_id)
    names = {f"customer:{one.customer_id}": one.name for one in customers}
    judge = _Judge(clusters, names, decisions, settings)
    for reference, (name, norm) in sorted(others.items()):
        for match in judge.matches(reference, name, by_norm.get(norm, ()) if norm else (), from_others[reference]):
            made.matches.append(match)
            if match.decision == "merged":
                made.link[reference] = (match.right.partition(":")[2], match.rule, match.match_id)
    for one in customers:
        root = clusters.root(one.customer_id)
        made.account[one.customer_id] = root
        heads = {clusters.root(other) for other in by_norm.get(one.head, ())} - {root} if one.head else set()
        if len(heads) == 1 and clusters.obstacle(one.customer_id, next(iter(heads))) != "decided":
            made.parent.setdefault(root, heads.pop())
    return made


# Customers ------------------------------------------------------------------------------------------------------------


def _entities(
    customers: Sequence[Customer],
    pairs: Sequence[Pair],
    decisions: Sequence[Decision],
    settings: IdentitySettings,
    made: Parties,
) -> Clusters:
    by_id = {one.customer_id: one for one in customers}
    decided = [one for one in decisions if one.kind == "customer" and set(one.ids) <= by_id.keys()]
    clusters = Clusters(customers, [one.ids for one in decided if one.verdict == "different"])
    proposed: set[tuple[str, str]] = set()

    def join(left: str, right: str, rule: str, *, pair: Pair | None = None, decision: Decision | None = None) -> None:
        left, right = sorted((left, right))
        if clusters.root(left) == clusters.root(right):
            return
        obstacle = clusters.obstacle(left, right)
        if obstacle == "decided" or (obstacle and rule != "override"):
            _propose(obstacle, left, right, pair)
            return
        clusters.join(left, right)
        match = Match(
            f"customer:{left}",
            by_id[left].name,
            f"customer:{right}",
            by_id[right].name,
            rule,
            "merged",
            REASONS[rule],
            pair.weight if pair else None,
            pair.probability if pair else None,
            pair.evidence if pair else "",
            decision,
        )
        made.matches.append(match)
        for one in (left, right):
            made.rule.setdefault(one, (rule, match.match_id))

    def _propose(why: str, left: str, right: str, pair: Pair | None) -> None:
        if (left, right) in proposed:  # exact evidence was told first
            return
        proposed.add((left, right))
        about = next((one for one in decided if one.verdict == "different" and one.ids == (left, right)), None)
        made.matches.append(
            Match(
                f"customer:{left}",
                by_id[left].name,
                f"customer:{right}",
                by_id[right].name,
                "override" if about else "likeness" if pair else "name",
                "rejected" if why == "decided" else "review",
                REASONS[why],
                pair.weight if pair else None,
                pair.probability if pair else None,
                pair.evidence if pair else "",
                about,
            )
        )

    for decision in decided:
        if decision.verdict == "same":
            join(*decision.ids, "override", decision=decision)
    for rule, groups in _exact(customers):
        for group in groups:
            for other in group[1:]:
                join(group[0], other, rule)
    best = _best_by_entity(clusters, pairs)
    for pair in sorted(pairs, key=lambda one: (-one.weight, one.left, one.right)):
        left, right = pair.left.partition(":")[2], pair.right.partition(":")[2]
        if clusters.root(left) == clusters.root(right):
            continue
        if pair.probability < settings.auto_probability:
            if pair.probability >= settings.review_probability:
                _propose("unsure", left, right, pair)
        elif _has_rival(best, clusters, pair, settings):
            _propose("rivals", left, right, pair)
        else:
            join(left, right, "likeness", pair=pair)
    return clusters


def _exact(customers: Sequence[Customer]) -> Iterator[tuple[str, list[list[str]]]]:
    """Groups of customers that are one without any likeness: by tax id, then by name where one tax id bears it."""
    by_tax: dict[str, list[str]] = defaultdict(list)
    by_name: dict[str, list[Customer]] = defaultdict(list)
    for one in sorted(customers, key=lambda one: (one.known_since, one.customer_id)):
        if one.tax_id:
            by_tax[one.tax_id].append(one.customer_id)
        if one.norm and not one.is_nobody:
            by_name[one.norm].append(one)
    yield "tax_id", [by_tax[tax] for tax in sorted(by_tax)]
    # two tax ids under one name: nobody can tell to which of them a customer without one belongs
    yield (
        "name",
        [
            [one.customer_id for one in by_name[norm]]
            for norm in sorted(by_name)
            if len({one.tax_id for one in by_name[norm]} - {""}) <= 1
        ],
    )


def _best_by_entity(clusters: Clusters, pairs: Iterable[Pair]) -> dict[str, dict[str, Decimal]]:
    """Entity → every entity it was weighed against → the best weight of the two."""
    best: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for pair in pairs:
        left, right = (clusters.root(one.partition(":")[2]) for one in (pair.left, pair.right))
        for one, other in ((left, right), (right, left)):
            best[one][other] = max(pair.weight, best[one].get(other, pair.weight))
    return best


def _has_rival(
    best: Mapping[str, Mapping[str, Decimal]], clusters: Clusters, pair: Pair, settings: IdentitySettings
) -> bool:
    margin = _margin(settings)
    for one, other in ((pair.left, pair.right), (pair.right, pair.left)):
        mine, theirs = clusters.root(one.partition(":")[2]), clusters.root(other.partition(":")[2])
        rivals = [
            weight for entity, weight in best.get(mine, {}).items() if clusters.root(entity) not in {mine, theirs}
        ]
        if rivals and pair.weight - max(rivals) < margin:
            return True
    return False


def _margin(settings: IdentitySettings) -> Decimal:
    """The factor between two odds as a difference of weights, which are log2 of odds."""
    return (settings.rival_factor.ln() / Decimal(2).ln()).quantize(Decimal("0.01"))


# Companies and distributors -------------------------------------------------------------------------------------------


class _Judge:
    """Tells which customer a name means, among entities that stand fast."""

    def __init__(
        self, clusters: Clusters, names: Mapping[str, str], decisions: Sequence[Decision], settings: IdentitySettings
    ) -> None:
        self._clusters, self._names, self._settings = clusters, names, settings
        self._decided: dict[str, list[Decision]] = defaultdict(list)
        for decision in decisions:
            if decision.kind in {"company", "distributor"} and decision.right in names:
                self._decided[decision.left].append(decision)

    def matches(self, reference: str, name: str, exact: Sequence[str], pairs: Sequence[Pair]) -> Iterator[Match]:
        """The merge of one name, or what a person should look at; what people rejected is told, too."""
        barred = set()
        for decision in self._decided[reference]:
            verdict: Verdict = "merged" if decision.verdict == "same" else "rejected"
            reason = REASONS["override" if verdict == "merged" else "decided"]
            yield self._match((reference, name), decision.right, "override", (verdict, reason), decided=decision)
            barred.add(self._root(decision.right))
        if any(decision.verdict == "same" for decision in self._decided[reference]):
            return
        same = sorted(one for one in exact if self._clusters.root(one) not in barred)
        entities = {self._clusters.root(one) for one in same}
        if len(entities) == 1:
            yield self._match((reference, name), f"customer:{same[0]}", "name", ("merged", REASONS["name"]))
        elif entities:
            for one in sorted(entities)[:REVIEWED]:
                yield self._match((reference, name), f"customer:{one}", "name", ("review", REASONS["rivals"]))
        else:
            yield from self._likely(reference, name, [one for one in pairs if self._root(one.right) not in barred])

    def _likely(self, reference: str, name: str, pairs: Sequence[Pair]) -> Iterator[Match]:
        best: dict[str, Pair] = {}
        for pair in sorted(pairs, key=lambda one: (-one.weight, one.right)):
            best.setdefault(self._root(pair.right), pair)
        ranked = list(best.values())
        if not ranked or ranked[0].probability < self._settings.review_probability:
            return
        first = ranked[0]
        rivals = len(ranked) > 1 and first.weight - ranked[1].weight < _margin(self._settings)
        if first.probability >= self._settings.auto_probability and not rivals:
            merged: tuple[Verdict, Label] = ("merged", REASONS["likeness"])
            yield self._match((reference, name), first.right, "likeness", merged, pair=first)
            return
        for pair in ranked[:REVIEWED]:
            if pair.probability >= self._settings.review_probability:
                reason = REASONS["rivals" if rivals else "unsure"]
                yield self._match((reference, name), pair.right, "likeness", ("review", reason), pair=pair)

    def _root(self, reference: str) -> str:
        return self._clusters.root(reference.partition(":")[2])

    def _match(
        self,
        named: tuple[str, str],
        customer: str,
        rule: str,
        outcome: tuple[Verdict, Label],
        *,
        pair: Pair | None = None,
        decided: Decision | None = None,
    ) -> Match:
        return Match(
            *named,
            customer,
            self._names[customer],
            rule,
            *outcome,
            pair.weight if pair else None,
            pair.probability if pair else None,
            pair.evidence if pair else "",
            decided,
        )
