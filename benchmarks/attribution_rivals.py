"""Runs inside the environment of another package: what attribution_models.py and attribution_rules.py compare with.

    python attribution_rivals.py channelattribution PATHS.csv RUNS
    python attribution_rivals.py dp6 TOUCHES.parquet RUNS MOST_MEMBERS_OF_A_SET
    python attribution_rivals.py dp6_rules TOUCHES.parquet RUNS HALF_LIFE_HOURS

Prints one line of JSON: seconds and CPU seconds (the least of the runs), conversions by member, for DP6 also seconds of
its reading.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def least(taken: list[tuple[float, float]]) -> dict[str, Any]:
    """Of wall and of CPU seconds."""
    return {"seconds": min(one for one, _ in taken), "cpu": min(one for _, one in taken)}


def channelattribution(file: str, runs: int) -> dict[str, Any]:
    """Markov of order 1, as by default but quiet."""
    import pandas as pd
    from ChannelAttribution import markov_model

    paths = pd.read_csv(file)
    taken = []
    for _ in range(runs):
        begun, worked = time.perf_counter(), time.process_time()
        found = markov_model(
            paths, "path", "converted", var_null="lost", order=1, sep=">", verbose=False, flg_pro=False
        )
        taken.append((time.perf_counter() - begun, time.process_time() - worked))
    frame = found["result"] if isinstance(found, dict) else found
    names = dict(zip(frame["channel_name"], frame["total_conversions"].astype(float), strict=True))
    return {**least(taken), "conversions": names}


def dp6(file: str, runs: int, most: int) -> dict[str, Any]:
    """Shapley as by default (sets of at most 4 members, the rate of each set), or of larger sets."""
    import polars as pl

    touches = pl.read_parquet(file).with_columns(
        (pl.datetime(2024, 1, 1) + pl.duration(days=pl.col("touch_position"))).alias("touched_at")
    )
    read, reading = _read(touches)
    taken = []
    for _ in range(runs):
        begun, worked = time.perf_counter(), time.process_time()
        found = read.run_shapley(max_size=most) if most else read.run_shapley()
        taken.append((time.perf_counter() - begun, time.process_time() - worked))
    frame = found.to_polars()
    names = dict(zip(frame[frame.columns[0]].to_list(), frame[frame.columns[1]].to_list(), strict=True))
    return {
        **least(taken),
        "reading": reading,
        "conversions": names,
    }


def dp6_rules(file: str, runs: int, half_life_hours: int) -> dict[str, Any]:
    """First, last, linear, position based, time decay; money (``amount``, of a journey's last touch) by model."""
    import polars as pl

    read, reading = _read(pl.read_parquet(file), conversion_value_colname="amount")
    taken, found = [], {}
    for _ in range(runs):
        begun, worked = time.perf_counter(), time.process_time()
        found = {
            "first": read.run_first_click(),
            "last": read.run_last_click(),
            "linear": read.run_linear(),
            "position_based": read.run_position_based(),
            "time_decay": read.run_time_decay(half_life_hours=float(half_life_hours)),
        }
        taken.append((time.perf_counter() - begun, time.process_time() - worked))
    totals = {}
    for model, result in found.items():
        frame = result.to_polars()
        totals[model] = dict(zip(frame["channels"].to_list(), frame["attribution"].to_list(), strict=True))
    return {**least(taken), "reading": reading, "conversions": totals}


def _read(touches: Any, **more: str) -> tuple[Any, float]:
    """DP6's own table of journeys, and the seconds it took."""
    from mam import MAM

    begun = time.perf_counter()
    read = MAM(
        touches,
        format_type="session",
        channels_colname="channel",
        journey_with_conv_colname="is_converted",
        datetime_colname="touched_at",
        user_id_colname="journey_id",
        **more,
    )
    return read, time.perf_counter() - begun


if __name__ == "__main__":
    package, *rest = sys.argv[1:]
    run = {"channelattribution": channelattribution, "dp6": dp6, "dp6_rules": dp6_rules}[package]
    print(json.dumps(run(rest[0], *map(int, rest[1:]))))
