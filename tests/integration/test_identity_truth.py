"""Who is who on the demo, against the truth that no workspace has."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benchmarks.identity import scores
from orchestration.lib.workspace import Workspace


@pytest.mark.slow
def test_merges_are_right_and_nearly_all_are_found(demo_workspace: Path) -> None:
    for name, score in scores(Workspace(demo_workspace), 1).items():
        assert score.merged > 0, name
        assert score.precision >= 0.995, name
        assert score.recall >= 0.95, name


@pytest.mark.slow
def test_every_merge_is_recorded_with_its_reason(demo_workspace: Path) -> None:
    with duckdb.connect(str(Workspace(demo_workspace).warehouse_file), read_only=True) as connection:
        unexplained = connection.execute(
            "select customer_id from identity.party as p where merge_rule <> 'self' and not exists ("
            "  select 1 from identity.match as m where m.match_id = p.match_id and m.decision = 'merged'"
            "    and 'customer:' || p.customer_id in (m.left_ref, m.right_ref))"
            " union all select company from identity.company as c where account_id is not null and not exists ("
            "  select 1 from identity.match as m where m.match_id = c.match_id and m.decision = 'merged'"
            "    and m.left_ref = 'company:' || c.company)"
        ).fetchall()
        likely = connection.execute(
            "select count(*) from identity.match where rule = 'likeness' and decision = 'merged'"
            " and (evidence = '[]' or probability < 0.99)"
        ).fetchone()
    assert unexplained == []
    assert likely == (0,)
