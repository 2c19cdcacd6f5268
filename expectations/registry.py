"""The one list of gates and checks: Dagster's asset checks, the runner and docs/reference/gates.md come from it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from expectations.model import Check, Gate, Label
from expectations.suites import (
    accounts,
    chain,
    completeness,
    contract,
    currency,
    dedup,
    delivery,
    factory,
    funnel,
    grain,
    identity,
    ledger,
    money,
    privacy,
    production,
    reconciliation,
    rhythm,
    sales,
    sales_facts,
    sources,
    tax,
    time,
)
from orchestration.lib.contract import load_contract
from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.gate_token import GATE_ORDER

__all__ = ["CHECKS", "GATES", "Check", "Gate", "check", "checks_of", "gate"]


def _checks() -> tuple[Check, ...]:
    found = [
        *contract.checks(),
        *completeness.checks(),
        *accounts.checks(),
        *sources.checks(),
        *rhythm.checks(),
        *privacy.checks(),
        *dedup.checks(),
        *grain.checks(),
        *identity.checks(),
        *currency.checks(),
        *tax.checks(),
        *time.checks(),
        *chain.checks(),
        *reconciliation.checks(),
        *factory.checks(),
        *production.checks(),
        *delivery.checks(),
        *ledger.checks(),
        *money.checks(),
        *sales.checks(),
        *sales_facts.checks(),
        *funnel.checks(),
    ]
    seen: set[str] = set()
    for item in found:
        if item.id in seen or item.gate not in GATE_ORDER:
            raise ValueError(f"check '{item.id}' is registered twice, or at the unknown gate '{item.gate}'")
        seen.add(item.id)
    return tuple(sorted(found, key=lambda item: (GATE_ORDER.index(item.gate), item.family, item.id)))


CHECKS: tuple[Check, ...] = _checks()

_GATES = (
    Gate(
        "canonical",
        Label(en="Contract", zh="契约"),
        Label(
            en="Every row keeps the contract: required, unique, allowed, resolvable; nothing personal, nothing lost.",
            zh="每一行都符合契约：必填、唯一、取值合规、引用有效；无个人信息泄漏，不丢行。",
        ),
        ("canonical",),
    ),
    Gate(
        "staging",
        Label(en="Dedup, currency, time", zh="去重、货币、时间"),
        Label(
            en="Nothing counts twice, every amount converts at a rate of its day, every date is possible.",
            zh="不重复计算；每笔金额按当日汇率折算；每个日期合理。",
        ),
        ("staging", "identity", "intermediate"),
    ),
    Gate(
        "loops",
        Label(en="Reconciliation", zh="对账"),
        Label(
            en="The marts sum to the documents they are made of, and no join multiplied a row.",
            zh="数据集市与原始单据金额一致，关联没有放大数据。",
        ),
        ("intermediate", "marts"),
    ),
    Gate(
        "attribution",
        Label(en="Money conserved", zh="金额守恒"),
        Label(
            en="Credits sum to the posted money and allocated cost to the spend, to the cent.",
            zh="归因金额之和等于过账金额，分摊费用之和等于投入，分毫不差。",
        ),
        ("intermediate", "marts", "attribution"),
    ),
    Gate(
        "metrics",
        Label(en="Metrics", zh="指标"),
        Label(
            en="Parts sum to totals, no ratio over nothing, nothing personal in what is published.",
            zh="分项合计等于总计，无分母为零的比率，发布内容不含个人信息。",
        ),
        ("intermediate", "marts", "attribution", "metrics"),
    ),
)


@cache
def checks_of(gate_name: str) -> tuple[Check, ...]:
    """The checks of one gate.

    Raises:
        ConfigurationError: there is no such gate.
    """
    if gate_name not in GATE_ORDER:
        raise ConfigurationError(f"there is no gate '{gate_name}'", hint=nearest(gate_name, GATE_ORDER))
    return tuple(item for item in CHECKS if item.gate == gate_name)


def _after(item: Gate) -> tuple[tuple[str, ...], ...]:
    """Asset keys that the gate waits for: the tables of its own floor, not the accounts beside the entities."""
    entities = load_contract().entities
    keys = {tuple(table.split(".")) for entry in checks_of(item.name) for table in entry.tables}
    return tuple(sorted(key for key in keys if key[0] != "canonical" or key[1] in entities))


GATES: tuple[Gate, ...] = tuple(replace(item, after=_after(item)) for item in _GATES)


def gate(gate_name: str) -> Gate:
    """The gate called ``gate_name``.

    Raises:
        ConfigurationError: there is no such gate.
    """
    checks_of(gate_name)
    return next(item for item in GATES if item.name == gate_name)


def check(check_id: str) -> Check:
    """The check with this id.

    Raises:
        ConfigurationError: there is none; names the nearest.
    """
    for item in CHECKS:
        if item.id == check_id:
            return item
    raise ConfigurationError(f"there is no check '{check_id}'", hint=nearest(check_id, [c.id for c in CHECKS]))
