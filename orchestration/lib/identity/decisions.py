"""``identity.yml`` of a workspace: what people have decided about who is who. It always has the last word.

Each entry says that two are the same or are different, why, who said so and when. ``triloop identity`` writes it;
people may edit it. Taking a decision back is deleting its entry, and the next run is as if it had never been made.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.workspace import Workspace
from orchestration.lib.yaml_source import FieldError, load_yaml, validate

KINDS = ("customer", "company", "distributor", "lead")
PAIRS = {
    ("customer", "customer"): "customer",
    ("company", "customer"): "company",
    ("distributor", "customer"): "distributor",
    ("lead", "lead"): "person",
}
"""What may be the same as what, and the kind of match that this is."""

_HEAD = """# Who is who, as people decided it; read before every run, and stronger than any rule.
# `triloop identity same|different|undo` writes this file; deleting an entry takes its decision back.
# 人工判定的身份关系；每次运行前读取，优先于一切规则。删除某条即撤销该判定。
decisions:
"""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    same: tuple[str, str] | None = None
    different: tuple[str, str] | None = None
    reason: str = Field(min_length=1)
    by: str = ""
    on: date | None = None

    @model_validator(mode="after")
    def _is_one_decision(self) -> _Entry:
        if (self.same is None) == (self.different is None):
            raise FieldError("a decision is either 'same' or 'different'", "write same: [ONE, OTHER]")
        ordered(*(self.same or self.different or ("", "")))
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    decisions: Annotated[list[_Entry], Field(default_factory=list)]

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, data: object) -> object:
        return {"decisions": []} if isinstance(data, dict) and data.get("decisions", []) is None else data


@dataclass(frozen=True)
class Decision:
    """Two references, in the order of PAIRS, and what a person says of them."""

    verdict: Literal["same", "different"]
    left: str
    right: str
    reason: str
    by: str
    on: str

    @property
    def kind(self) -> str:
        """The kind of match it is about."""
        return PAIRS[self.left.partition(":")[0], self.right.partition(":")[0]]

    @property
    def ids(self) -> tuple[str, str]:
        """The two without what they are."""
        return self.left.partition(":")[2], self.right.partition(":")[2]


def ordered(one: str, other: str) -> tuple[str, str]:
    """Two references in the order in which a match names them.

    Raises:
        FieldError: one is no reference, or the two cannot be the same thing.
    """
    kinds = []
    for reference in (one, other):
        kind, _, rest = reference.partition(":")
        if kind not in KINDS or not rest:
            raise FieldError(
                f"'{reference}' names nothing", f"write what it is before it: {', '.join(f'{k}:…' for k in KINDS)}"
            )
        kinds.append(kind)
    if one == other:
        raise FieldError(f"'{one}' is named twice", "name two different ones")
    if kinds[0] == kinds[1]:
        one, other = sorted((one, other))
    elif kinds[0] == "customer":
        one, other, kinds = other, one, kinds[::-1]
    if (kinds[0], kinds[1]) not in PAIRS:
        raise FieldError(
            f"a {kinds[0]} and a {kinds[1]} cannot be compared",
            "compare two customers, a company with a customer, a distributor with a customer, or two leads",
        )
    return one, other


def read_decisions(workspace: Workspace) -> list[Decision]:
    """All decisions in the order of the file; where two speak of one pair, the later one stands.

    Raises:
        ConfigurationError: the file is wrong; names line, entry and fix.
    """
    if not workspace.identity_file.is_file():
        return []
    document = load_yaml(workspace.identity_file)
    made = {}
    for entry in validate(_File, document).decisions:
        left, right = ordered(*(entry.same or entry.different or ("", "")))
        verdict: Literal["same", "different"] = "same" if entry.same else "different"
        made[left, right] = Decision(
            verdict, left, right, entry.reason, entry.by, entry.on.isoformat() if entry.on else ""
        )
    return list(made.values())


def add_decision(
    workspace: Workspace, verdict: Literal["same", "different"], one: str, other: str, *, reason: str, by: str
) -> Decision:
    """Write a decision into the file, in place of an earlier one about the same two; the caller holds the lock.

    Raises:
        ConfigurationError: a reference is none, there is no reason, or the file is wrong.
    """
    try:
        left, right = ordered(one, other)
    except FieldError as error:
        raise ConfigurationError(str(error), hint=error.hint) from None
    if not reason.strip():
        raise ConfigurationError("a decision needs a reason", hint="add --reason 'why'")
    made = Decision(verdict, left, right, reason.strip(), by, date.today().isoformat())
    others = [one for one in read_decisions(workspace) if (one.left, one.right) != (left, right)]
    _write(workspace, [*others, made])
    return made


def remove_decision(workspace: Workspace, one: str, other: str) -> Decision:
    """Take a decision out of the file; the caller holds the lock.

    Raises:
        ConfigurationError: there is none about these two.
    """
    try:
        pair = ordered(one, other)
    except FieldError as error:
        raise ConfigurationError(str(error), hint=error.hint) from None
    decisions = read_decisions(workspace)
    found = [decision for decision in decisions if (decision.left, decision.right) == pair]
    if not found:
        raise ConfigurationError(
            f"nobody has decided about {pair[0]} and {pair[1]}", hint="triloop identity list --decided shows all"
        )
    _write(workspace, [decision for decision in decisions if decision not in found])
    return found[0]


def _write(workspace: Workspace, decisions: Sequence[Decision]) -> None:
    lines = []
    for one in decisions:
        # JSON's texts are YAML's, whatever a name holds
        left, right, reason, by = (
            json.dumps(text, ensure_ascii=False) for text in (one.left, one.right, one.reason, one.by)
        )
        when = f"\n    on: {one.on}" if one.on else ""
        lines.append(f"  - {one.verdict}: [{left}, {right}]\n    reason: {reason}\n    by: {by}{when}\n")
    beside = workspace.identity_file.with_name(workspace.identity_file.name + ".new")
    beside.write_text(_HEAD + ("".join(lines) or "  []\n"), encoding="utf-8")
    os.replace(beside, workspace.identity_file)
