"""Counts of paths, made in SQL so that Python never sees a row: steps from state to state, distinct paths, sets.

The input is any relation with one row per touch: ``journey_id``, ``touch_position``, a column of members (text) and
``is_converted`` (the same on every row of a journey). A member is a channel or a campaign; its code is its place, from
1, in the members sorted by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from orchestration.lib.errors import DataError

if TYPE_CHECKING:
    import duckdb

Codes = NDArray[np.int64]

CONVERTED: Final = -1
"""Where the last step of a path leads that converted."""
LOST: Final = -2
"""Where the last step of any other path leads."""


@dataclass(frozen=True)
class Touches:
    """A relation of touches, and how to read it.

    Attributes:
        relation: its name in the database.
        member: its column of members.
        collapse: whether a touch of the member before it counts as one with that.
    """

    relation: str
    member: str
    collapse: bool = False


@dataclass(frozen=True)
class Steps:
    """How often paths went from one state to the next.

    A state of order k is the last k touches, as a number of k digits to the base ``len(members) + 1`` whose lowest
    digit is the code of the latest touch; before the first touch stand zeros.

    Attributes:
        members: names, sorted.
        origin: state of each kind of step.
        target: next state; CONVERTED or LOST after the last touch.
        count: how often.
    """

    members: tuple[str, ...]
    origin: Codes
    target: Codes
    count: Codes


@dataclass(frozen=True)
class Paths:
    """Distinct paths and what became of them: path i is ``codes[start[i]:start[i + 1]]``.

    Attributes:
        members: names, sorted.
        start: where each path begins, and the end of the last; paths + 1 long.
        codes: codes of the touches of all paths, one after another.
        converted: journeys of each path that converted.
        lost: those that did not.
    """

    members: tuple[str, ...]
    start: Codes
    codes: Codes
    converted: Codes
    lost: Codes


def count_steps(database: duckdb.DuckDBPyConnection, touches: Touches, order: int = 1) -> Steps:
    """One pass over the touches in order: what each is followed by, grouped.

    The windows have no partition of their own, they look at the rows next to them in the sorted touches: DuckDB keeps
    that order (its manual, "Order Preservation": empty OVER clauses), and it costs a third of sorting partitions. Were
    it ever not kept, paths would end more often than they begin; that is asked, and refused.

    Raises:
        DataError: positions of a journey do not begin at 1, or the order was not kept.
    """
    members = members_of(database, touches)
    base = len(members) + 1
    state = ["code"]
    for back in range(1, order):
        same = f"lag(journey_id, {back}) over () = journey_id"
        state.append(f"case when {same} then lag(code, {back}) over () else 0 end * {base**back}")
    follows = f"(state % {base ** (order - 1)}) * {base} + lead(code) over ()"
    end = f"case when is_converted then {CONVERTED} else {LOST} end"
    rows = database.execute(
        f"""
        select state, next_state, count(*) as count, count(*) filter (touch_position = 1) as first
        from (
            select touch_position, state,
                case when lead(journey_id) over () = journey_id then {follows} else {end} end as next_state
            from (
                select journey_id, touch_position, is_converted, code, {" + ".join(state)} as state
                from ({_in_order(touches)})
            )
        )
        group by state, next_state order by state, next_state
        """
    ).fetchnumpy()
    origin, target, count, first = (
        np.asarray(rows[name], np.int64) for name in ("state", "next_state", "count", "first")
    )
    begun, ended = int(first.sum()), int(count[target < 0].sum())
    if begun != ended:
        raise DataError(
            f"{begun:,} paths of {touches.relation} begin at position 1, and {ended:,} end",
            hint="number the touches of each journey from 1",
        )
    return Steps(members, origin, target, count)


def distinct_paths(database: duckdb.DuckDBPyConnection, touches: Touches) -> Paths:
    """Paths as they differ, in a fixed order, whatever the order of the rows."""
    members = members_of(database, touches)
    found = database.sql(
        f"""
        with path as (
            select list(code order by touch_position) as codes, bool_or(is_converted) as is_converted
            from ({_in_order(touches) if touches.collapse else _coded(touches)}) group by journey_id
        )
        select codes, len(codes) as length, count(*) filter (is_converted) as converted,
            count(*) filter (not is_converted) as lost
        from path group by codes order by codes
        """
    ).to_arrow_table()
    length = found["length"].to_numpy()
    chunks = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in found["codes"].chunks]
    return Paths(
        members,
        np.concatenate([[0], np.cumsum(length)]).astype(np.int64),
        np.concatenate([np.empty(0, np.int64), *chunks]).astype(np.int64),
        found["converted"].to_numpy().astype(np.int64),
        found["lost"].to_numpy().astype(np.int64),
    )


def members_of(database: duckdb.DuckDBPyConnection, touches: Touches) -> tuple[str, ...]:
    """Names sorted, and table ``member_code`` of them for the statements that follow."""
    database.execute(
        f"""
        create or replace temp table member_code as
        select member, cast(row_number() over (order by member) as bigint) as code
        from (select distinct {touches.member} as member from {touches.relation})
        """
    )
    return tuple(row[0] for row in database.execute("select member from member_code order by code").fetchall())


def _coded(touches: Touches) -> str:
    """Touches with the code of their member."""
    return (
        f"select journey_id, touch_position, is_converted, code from {touches.relation} as touch "
        f"join member_code on touch.{touches.member} = member_code.member"
    )


def _in_order(touches: Touches) -> str:
    """Touches journey by journey, repeats collapsed if so asked."""
    in_order = f"select * from ({_coded(touches)}) order by journey_id, touch_position"
    if not touches.collapse:
        return in_order
    repeats = "(lag(journey_id) over () = journey_id and lag(code) over () = code)"
    return f"select * from (select *, coalesce({repeats}, false) as repeats from ({in_order})) where not repeats"
