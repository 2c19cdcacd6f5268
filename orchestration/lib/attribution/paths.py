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
    """One pass: what each touch is followed by, grouped."""
    members = members_of(database, touches)
    base = len(members) + 1
    back = [f"coalesce(lag(code, {k}) over journey, 0) * {base**k}" for k in range(1, order)]
    rows = database.execute(
        f"""
        select state, next_state, count(*) as count
        from (
            select state, coalesce(
                lead(state) over journey, case when is_converted then {CONVERTED} else {LOST} end
            ) as next_state
            from (
                select journey_id, touch_position, is_converted, {" + ".join(["code", *back])} as state
                from ({_coded(touches)})
                window journey as (partition by journey_id order by touch_position)
            )
            window journey as (partition by journey_id order by touch_position)
        )
        group by all order by all
        """
    ).fetchnumpy()
    origin, target, count = (np.asarray(rows[name], np.int64) for name in ("state", "next_state", "count"))
    return Steps(members, origin, target, count)


def distinct_paths(database: duckdb.DuckDBPyConnection, touches: Touches) -> Paths:
    """Paths as they differ, in a fixed order, whatever the order of the rows."""
    members = members_of(database, touches)
    found = database.sql(
        f"""
        with path as (
            select list(code order by touch_position) as codes, bool_or(is_converted) as is_converted
            from ({_coded(touches)}) group by journey_id
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
    """Touches with the code of their member, repeats collapsed if so asked."""
    coded = (
        f"select journey_id, touch_position, is_converted, code from {touches.relation} as touch "
        f"join member_code on touch.{touches.member} = member_code.member"
    )
    if not touches.collapse:
        return coded
    return f"{coded} qualify lag(code) over (partition by journey_id order by touch_position) is distinct from code"
