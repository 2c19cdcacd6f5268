"""去重 - who is who was decided for exactly these customers, and never against what is known."""

from __future__ import annotations

from expectations.model import Check, Label, Severity

_STALE = """
select {key} as key, c.source_file, c.source_row, {detail} as detail
from canonical.{entity} as c left join identity.{table} as i on i.{id} = c.{id}
where {known} and (i.{id} is null{changed})"""


def checks() -> list[Check]:
    """Identity is that of the data, joins no two tax ids by itself, and people's decisions name something."""
    return [_current(), _tax_ids(), _decisions()]


def _check(identifier: str, tables: tuple[str, ...], reason: Label, sql: str, *, severity: Severity = "block") -> Check:
    return Check(
        id=f"staging.dedup.{identifier}",
        gate="staging",
        family="dedup",
        tables=tables,
        severity=severity,
        owner="sales",
        reason=reason,
        sql=lambda _inputs: sql,
    )


def _current() -> Check:
    parts = [
        _STALE.format(
            entity="customer",
            table="party",
            id="customer_id",
            key="c.customer_id",
            known="true",
            changed=" or i.name is distinct from c.name",
            detail="'nobody decided who this customer is'",
        ),
        _STALE.format(
            entity="distributor",
            table="distributor",
            id="distributor_id",
            key="c.distributor_id",
            known="true",
            changed=" or i.name is distinct from c.name",
            detail="'nobody decided who this distributor is'",
        ),
        *(
            _STALE.format(
                entity=entity,
                table="company",
                id="company",
                key=f"c.{entity}_id",
                known="c.company is not null",
                changed="",
                detail="'nobody decided who this company is: ' || c.company",
            )
            for entity in ("lead", "contact")
        ),
    ]
    return _check(
        "identity_current",
        ("identity.party", "identity.company", "identity.distributor", "canonical.customer"),
        Label(
            en="who is who was decided for the customers, companies and distributors of now; run asset identity",
            zh="身份识别针对当前的客户、公司与经销商；否则请运行资产 identity",
        ),
        "\nunion all".join(parts),
    )


def _tax_ids() -> Check:
    return _check(
        "identity_tax_ids",
        ("identity.party", "staging.stg_customer"),
        Label(
            en="one account has one tax id, unless a person said that two of them are one entity",
            zh="一个客户主体只有一个统一社会信用代码，人工判定合并的除外",
        ),
        """
select p.customer_id as key, c.source_file, c.source_row,
  'tax_id ' || p.tax_id || ' in account ' || p.account_id || ' of tax_id ' || f.tax_id as detail
from identity.party as p
join identity.party as f on f.customer_id = p.account_id
join staging.stg_customer as c on c.customer_id = p.customer_id
where p.tax_id <> f.tax_id and not exists (
  select 1 from identity.match as m
  where m.rule = 'override' and m.decision = 'merged' and m.kind = 'customer'
    and exists (select 1 from identity.party as one where one.account_id = p.account_id
                and 'customer:' || one.customer_id in (m.left_ref, m.right_ref)))""",
    )


def _decisions() -> Check:
    return _check(
        "identity_decisions",
        ("identity.decision",),
        Label(
            en="a decision in identity.yml names customers, companies, distributors or leads that exist",
            zh="identity.yml 中的判定所指的客户、公司、经销商或线索应存在",
        ),
        """
select left_ref || ' / ' || right_ref as key, 'identity.yml' as source_file, cast(null as bigint) as source_row,
  verdict || ': ' || reason as detail
from identity.decision where not is_known""",
        severity="warn",
    )
