"""Persons: what people decided of leads, and leads of one name at one company that somebody should look at.

Leads with a common phone or e-mail are put together by the model ``int_lead_person``; a name alone is never enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestration.lib.identity.decide import REASONS, Match, match_id
from orchestration.lib.identity.decisions import Decision
from orchestration.lib.identity.tables import SCHEMA

if TYPE_CHECKING:
    import duckdb


def person_rows(decisions: Sequence[Decision]) -> list[tuple[Any, ...]]:
    """Rows of ``identity.person``: a common key for leads said to be one person, and leads that stand alone.

    Of two leads said to be different the later named one stands alone: its phone and e-mail tell nothing any more.
    """
    above: dict[str, str] = {}

    def root(lead: str) -> str:
        while above.setdefault(lead, lead) != lead:
            lead = above[lead]
        return lead

    apart = set()
    for one in decisions:
        if one.kind != "person":
            continue
        first, second = one.ids
        if one.verdict == "same":
            low, high = sorted((root(first), root(second)))
            above[high] = low
        else:
            apart.add(second)
    keys: list[tuple[Any, ...]] = [(lead, f"decided:{root(lead)}", False) for lead in sorted(above)]
    return keys + [(lead, None, True) for lead in sorted(apart)]


def same_name_matches(connection: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> list[Match]:
    """Proposals of persons: leads of one name at one company that share neither phone nor e-mail nor contact."""
    rows = connection.execute(
        f"""
WITH person AS (
  SELECT l.lead_id, coalesce(l.name, c.name) AS name, coalesce(l.phone, c.phone) AS phone,
    coalesce(l.email, c.email) AS email, l.contact_id, l.created_at,
    coalesce(own.account_id, theirs.account_id, named.account_id, nullif(part.norm, '')) AS company
  FROM canonical.lead AS l
  LEFT JOIN canonical.contact AS c ON c.contact_id = l.contact_id
  LEFT JOIN {SCHEMA}.party AS own ON own.customer_id = l.customer_id
  LEFT JOIN {SCHEMA}.party AS theirs ON theirs.customer_id = c.customer_id
  LEFT JOIN {SCHEMA}.company AS named ON named.company = coalesce(l.company, c.company)
  LEFT JOIN {SCHEMA}.name_part AS part ON part.name = coalesce(l.company, c.company) AND NOT part.is_nobody
  WHERE coalesce(l.status, '') NOT IN ('test', 'invalid')
),
followed AS (
  SELECT *, lag(lead_id) OVER w AS before_id, lag(phone) OVER w AS before_phone, lag(email) OVER w AS before_email,
    lag(contact_id) OVER w AS before_contact_id
  FROM person WHERE name IS NOT NULL AND company IS NOT NULL
  WINDOW w AS (PARTITION BY name, company ORDER BY created_at, lead_id)
)
SELECT before_id, lead_id FROM followed
WHERE before_id IS NOT NULL
  AND phone IS DISTINCT FROM before_phone AND email IS DISTINCT FROM before_email
  AND coalesce(contact_id <> before_contact_id, true)
ORDER BY 1, 2"""
    ).fetchall()
    decided = {(one.left, one.right): one for one in decisions if one.kind == "person"}
    found: dict[str, Match] = {}
    for pair, decision in decided.items():
        verdict: Any = "merged" if decision.verdict == "same" else "rejected"
        reason = REASONS["override" if decision.verdict == "same" else "decided"]
        left, right = pair
        found[match_id(left, right)] = Match(
            left, left.partition(":")[2], right, right.partition(":")[2], "override", verdict, reason, decided=decision
        )
    for earlier, later in rows:
        one, other = sorted((earlier, later))
        left, right = f"lead:{one}", f"lead:{other}"
        if (left, right) not in decided:
            match = Match(left, one, right, other, "same_name", "review", REASONS["same_name"])
            found[match.match_id] = match
    return list(found.values())
