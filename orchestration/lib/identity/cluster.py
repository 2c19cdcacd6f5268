"""Putting customer numbers together into legal entities: strongest evidence first, never against what is known.

A union is refused when a person said that two members are different, or when it would put two tax ids into one entity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Customer:
    """One customer number; '' where the source does not say."""

    customer_id: str
    name: str
    norm: str
    tax_id: str
    known_since: str
    head: str = ""
    is_nobody: bool = False


class Clusters:
    """Entities of customers. The member known longest stands for the others."""

    def __init__(self, customers: Iterable[Customer], different: Iterable[tuple[str, str]]) -> None:
        self._of = {one.customer_id: one for one in customers}
        self._above = {name: name for name in self._of}
        self._members = {name: [name] for name in self._of}
        self._apart: dict[str, set[str]] = {}
        for one, other in different:
            self._apart.setdefault(one, set()).add(other)
            self._apart.setdefault(other, set()).add(one)

    def root(self, customer_id: str) -> str:
        """The member that stands for the entity."""
        above = self._above[customer_id]
        while above != self._above[above]:
            above = self._above[above]
        self._above[customer_id] = above
        return above

    def members(self, customer_id: str) -> list[str]:
        """All members of the entity of a customer."""
        return self._members[self.root(customer_id)]

    def tax_ids(self, customer_id: str) -> set[str]:
        """The tax ids of the entity of a customer."""
        return {self._of[one].tax_id for one in self.members(customer_id)} - {""}

    def obstacle(self, one: str, other: str) -> str | None:
        """What speaks against putting two entities together: ``decided``, ``tax_ids``, or nothing."""
        if self._apart and any(
            not self._apart.get(member, set()).isdisjoint(self.members(other)) for member in self.members(one)
        ):
            return "decided"
        return "tax_ids" if len(self.tax_ids(one) | self.tax_ids(other)) > 1 else None

    def join(self, one: str, other: str) -> None:
        """Make two entities one."""
        first, second = sorted((self.root(one), self.root(other)), key=self._age)
        if first == second:
            return
        self._above[second] = first
        self._members[first] += self._members.pop(second)

    def _age(self, customer_id: str) -> tuple[str, str]:
        return self._of[customer_id].known_since, customer_id
