"""Markov and Shapley against ChannelAttribution and DP6 marketing-attribution-models, side by side in one run.

    python benchmarks/attribution_models.py [--quick] [--touches 10000000] [--campaigns 1000] [--folder DIR]

Journeys are simulated. Both packages get an environment of their own, made on the first run; they read the same
touches. Ours starts at the table of touches every time. ChannelAttribution needs one text per path, which DuckDB makes
for it in the cheapest way, grouped; its time is told with and without that. DP6 starts at its own table of journeys and
keeps to its default, sets of the last 4 members in the alphabet, where ours has all. The better of two runs, one where
a run takes minutes. On a busy machine the CPU seconds tell more. Ends with 1 if a result differs or a ratio is
missed; --quick (500,000 touches, 200 campaigns) tells ratios and judges only results.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.lib.attribution.markov import chain_of, removal_effects
from orchestration.lib.attribution.paths import Touches, count_steps
from orchestration.lib.attribution.shapley import count_sets, rates_of_own_sets, shared_conversions

RIVALS = Path(__file__).with_name("attribution_rivals.py")
ENVIRONMENTS = {
    "channelattribution": ["ChannelAttribution==2.2.5", "matplotlib"],  # it imports matplotlib and does not say so
    "dp6": ["marketing-attribution-models==2.1.1"],
}
CHANNELS = 12


def simulated(touches: int, campaigns: int) -> duckdb.DuckDBPyConnection:
    """Table ``touches``: journeys of four touches on average, 5 % convert, members by a falling share."""
    source = np.random.default_rng(20_261_127)
    length = source.geometric(0.25, size=touches // 3 + 1)
    length = length[: int(np.searchsorted(np.cumsum(length), touches))]
    journey = np.repeat(np.arange(len(length)), length)
    place = np.arange(len(journey)) - np.repeat(np.cumsum(length) - length, length) + 1
    drawn = {
        name: source.choice(count, size=len(journey), p=(share := np.arange(1, count + 1) ** -0.7) / share.sum())
        for name, count in (("channel", CHANNELS), ("campaign", campaigns))
    }
    made = pa.table(
        {
            "journey_id": journey,
            "touch_position": place,
            **drawn,
            "is_converted": np.repeat(source.random(len(length)) < 0.05, length),
        }
    )
    database = duckdb.connect()
    database.register("made", made)
    names = ", ".join(f"'{name} ' || lpad(cast({name} as varchar), 4, '0') as {name}" for name in drawn)
    database.execute(f"create table touches as select * replace ({names}) from made")
    return database


def environment(name: str) -> Path:
    """Python of an environment with the package, made if it is not there."""
    folder = Path.home() / ".cache" / "triloop" / "benchmarks" / name
    python = folder / "bin" / "python"
    if not (folder / ".installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *ENVIRONMENTS[name]], check=True
        )
        (folder / ".installed").touch()
    return python


def rival(name: str, *arguments: str | int) -> dict[str, Any]:
    """What the package took and found, run alone in its environment."""
    command = [str(environment(name.partition("_")[0])), str(RIVALS), name, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


class Cost(NamedTuple):
    """Seconds on the wall, and of all processors together."""

    wall: float
    cpu: float


def timed(run: Callable[[], Any], times: int = 2) -> tuple[Cost, Any]:
    """The least of some runs, and the result."""
    taken, result = [], None
    for _ in range(times):
        begun, worked = time.perf_counter(), time.process_time()
        result = run()
        taken.append(Cost(time.perf_counter() - begun, time.process_time() - worked))
    return Cost(min(one.wall for one in taken), min(one.cpu for one in taken)), result


def of(told: dict[str, Any], more: float = 0) -> Cost:
    """What a rival told, and seconds that come on top."""
    return Cost(told["seconds"] + more, told["cpu"] + more)


def markov(database: duckdb.DuckDBPyConnection, member: str) -> dict[str, float]:
    """Removal effects from the touches."""
    steps = count_steps(database, Touches("touches", member))
    return dict(zip(steps.members, removal_effects(chain_of(steps), steps.count).tolist(), strict=True))


def paths_file(database: duckdb.DuckDBPyConnection, member: str, folder: Path) -> Path:
    """Text of each path with its outcomes, as ChannelAttribution reads them."""
    database.execute(
        "create or replace table paths as "
        "select path, count(*) filter (c) as converted, count(*) filter (not c) as lost "
        f"from (select string_agg({member}, '>' order by touch_position) as path, bool_or(is_converted) as c "
        f"from touches group by journey_id) group by path"
    )
    file = folder / f"{member}.csv"
    database.execute(f"copy paths to '{file}' (header)")
    return file


def against_channelattribution(
    database: duckdb.DuckDBPyConnection, member: str, folder: Path, runs: int
) -> tuple[Cost, dict[str, Any], Cost, float]:
    """Cost of ours, what they told, cost of the path texts; median difference of their shares from ours, in parts."""
    ours, effects = timed(lambda: markov(database, member))
    texts, file = timed(lambda: paths_file(database, member, folder), 1)
    theirs = rival("channelattribution", file, runs)
    shares = np.array(list(effects.values())) / sum(effects.values())
    simulated_shares = np.array([theirs["conversions"].get(name, 0.0) for name in effects])
    off = float(np.median(np.abs(simulated_shares / simulated_shares.sum() / shares - 1)))
    return ours, theirs, texts, off


def main() -> int:
    """Print the table; 1 if something is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--touches", type=int)
    arguments.add_argument("--campaigns", type=int)
    arguments.add_argument("--folder", type=Path)
    told = arguments.parse_args()
    touches = told.touches or (500_000 if told.quick else 10_000_000)
    campaigns = told.campaigns or (200 if told.quick else 1_000)
    folder = told.folder or Path(tempfile.mkdtemp(prefix="triloop-bench-"))
    database = simulated(touches, campaigns)
    print(f"{touches:,} touches, {CHANNELS} channels, {campaigns:,} campaigns\n")
    print(f"{'seconds':<40}{'ours':>8}{'theirs':>9}{'ratio':>8}{'wanted':>8}{'our CPU':>9}{'theirs':>9}{'ratio':>8}")
    faults = []

    def line(name: str, ours: Cost, theirs: Cost, wanted: int | None) -> None:
        ratio = theirs.wall / ours.wall
        print(
            f"{name:<40}{ours.wall:>8.2f}{theirs.wall:>9.2f}{ratio:>8.1f}{wanted or '':>8}"
            f"{ours.cpu:>9.2f}{theirs.cpu:>9.2f}{theirs.cpu / ours.cpu:>8.1f}",
            flush=True,
        )
        if wanted and ratio < wanted and not told.quick:
            faults.append(f"{name}: {ratio:.1f} times, not {wanted}")

    ours, theirs, texts, off = against_channelattribution(database, "channel", folder, 2)
    line("Markov, 12 channels, paths given", ours, of(theirs), 2)
    given = of(theirs)
    line("Markov, 12 channels, path texts", ours, Cost(given.wall + texts.wall, given.cpu + texts.cpu), 6)
    if off > 0.05:
        faults.append(f"ChannelAttribution, which simulates, is {off:.1%} off at 12 channels")
    print(f"  their shares, simulated, are {off:.2%} off ours in the median", flush=True)

    file = folder / "touches.parquet"
    database.execute(f"copy (select journey_id, touch_position, channel, is_converted from touches) to '{file}'")
    ours, own = timed(lambda: rates_of_own_sets(count_sets(database, Touches("touches", "channel"))))
    dp6 = rival("dp6", file, 2, 0)
    line("Shapley by rates, 12 channels", ours, of(dp6), 10)
    line("  with DP6's reading of the touches", ours, of(dp6, dp6["reading"]), None)
    ours, _ = timed(lambda: shared_conversions(database, Touches("touches", "channel")))
    line("Shapley as published, 12 channels", ours, of(dp6), 10)
    faults += _same_as_dp6(database, folder)
    total = float(np.sum(own))
    converted = database.execute("select count(distinct journey_id) from touches where is_converted").fetchall()[0][0]
    if abs(total - converted) > 1e-6 * converted:
        faults.append(f"Shapley values add up to {total}, not to {converted} conversions")

    ours, due = timed(lambda: shared_conversions(database, Touches("touches", "campaign")))
    print(
        f"{f'Shapley, {campaigns:,} campaigns, closed form':<40}{ours.wall:>8.2f}{'':>25}{ours.cpu:>9.2f}", flush=True
    )
    if sum(due.values()) != converted:
        faults.append("the closed form does not add up to the conversions")

    ours, theirs, _, off = against_channelattribution(database, "campaign", folder, 1)
    line(f"Markov, {campaigns:,} campaigns", ours, of(theirs), 300)
    print(f"  their shares, simulated, are {off:.2%} off ours in the median")
    print("\n".join(["", *faults]) if faults else "\nall results agree")
    return int(bool(faults))


def _same_as_dp6(database: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Both on the first 20,000 journeys, DP6 with sets of any size: the same values to nine places."""
    few, file = "journey_id < 20000", folder / "few.parquet"
    database.execute(f"create or replace table few as select * from touches where {few}")
    database.execute(f"copy (select journey_id, touch_position, channel, is_converted from few) to '{file}'")
    sets = count_sets(database, Touches("few", "channel"))
    ours = dict(zip(sets.members, rates_of_own_sets(sets).tolist(), strict=True))
    theirs = rival("dp6", file, 1, CHANNELS)["conversions"]
    off = max(abs(value - theirs.get(name, 0.0)) for name, value in ours.items())
    print(f"  on 20,000 journeys, sets of any size, ours and DP6's differ by {off:.1e} conversions at most", flush=True)
    return [] if off < 1e-6 else [f"Shapley differs from DP6 by {off}"]


if __name__ == "__main__":
    sys.exit(main())
