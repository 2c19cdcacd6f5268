"""How near each attribution model comes to what the demo planted: which touches really moved each order.

    python benchmarks/attribution_truth.py [--quick] [--scale 1] [--scale 10] [--seed 20240101] [--workspace DIR]

The demo decides an opportunity by the log-odds of its generator; every touch has an effect (by kind, channel, campaign,
placement and chance) that halves in 180 days, and the truth of a won order is each touch's part of the effect left at
the close (``orchestration.examples.demo.truth``, in no workspace). Compared is the booked revenue of these orders, by
channel and by campaign, with what each model credits; money that a model leaves unattributed counts as a channel of its
own. No model is tuned to it, and no real data set has such a truth: a model that is near here is near to this
generator's idea of effect. A workspace is made and run for each scale and seed (1 and 10 by default, ten
minutes; --quick: 1), or a finished one is read.

Printed per model: total variation (half the sum of the differences of shares: the part of the money that stands with
the wrong channel) with its 95 % interval over orders drawn anew, in how many of these draws the model is the nearest,
the mean difference of a share, Kendall's τ-b of the ranks, the total variation by campaign and within single orders.
``least possible`` is the truth cut down to the touches that the journeys hold; ``all alike`` shares among the channels.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from orchestration.examples.demo import truth, write_demo

DRAWS = 2_000
NOWHERE = "(unattributed)"
POSSIBLE, ALIKE = "(least possible)", "(all alike)"


@dataclass(frozen=True)
class Money:
    """Booked revenue of the same orders by what caused it: ``planted`` (orders × members), ``credited`` per model."""

    members: list[str]
    planted: np.ndarray
    credited: dict[str, np.ndarray]


def money(told: dict[str, pd.DataFrame], warehouse: Path, level: str) -> Money:
    """Read what models credit and set the truth beside it; ``level`` is channel or campaign."""
    planted = told["touch_shares"]
    planted = planted[planted["order"] != ""].assign(order_id=lambda rows: "erp:" + rows["order"])
    planted["touch_id"] = "crm:" + planted["touch"]
    member = "coalesce(channel_id, '(unattributed)')"
    planted["member"] = "crm:" + planted["channel"]
    if level == "campaign":  # a touch of no campaign stands for its channel
        member = f"coalesce(campaign_id, {member})"
        planted["member"] = np.where(planted["campaign"] == "", planted["member"], "crm:" + planted["campaign"])
    with duckdb.connect(str(warehouse), read_only=True) as database:
        database.register("planted", planted)
        credited = database.execute(
            f"select model, order_id, {member} as member, cast(sum(amount) as double) as amount "
            "from attribution.attribution_credit where measure = 'booked' "
            "and order_id in (select order_id from planted) group by all"
        ).df()
        seen = database.execute(
            "select planted.order_id, planted.member, planted.share from planted "
            "join attribution.journey_touch as journey "
            "on planted.order_id = journey.order_id and planted.touch_id = journey.touch_id where journey.is_in_journey"
        ).df()
    booked = credited[credited["model"] == credited["model"].iloc[0]].groupby("order_id")["amount"].sum()
    booked = booked[booked > 0]
    parts = {"planted": planted.groupby(["order_id", "member"])["share"].sum().reset_index()}
    parts["planted"]["amount"] = parts["planted"]["share"] * parts["planted"]["order_id"].map(booked)
    seen["amount"] = seen["share"] / seen.groupby("order_id")["share"].transform("sum") * seen["order_id"].map(booked)
    blind = booked.index.difference(seen["order_id"])
    nowhere = pd.DataFrame({"order_id": blind, "member": NOWHERE, "amount": booked[blind].to_numpy()})
    parts[POSSIBLE] = pd.concat([seen, nowhere])
    parts |= dict(list(credited.groupby("model")))
    members = sorted({name for part in parts.values() for name in part["member"]})
    tables = {
        name: part.pivot_table(index="order_id", columns="member", values="amount", aggfunc="sum")
        .reindex(index=booked.index, columns=members)
        .fillna(0.0)
        .to_numpy()
        for name, part in parts.items()
    }
    planted_table = tables.pop("planted")
    real = np.array([name != NOWHERE and planted_table[:, place].sum() > 0 for place, name in enumerate(members)])
    tables[ALIKE] = booked.to_numpy()[:, None] * real / real.sum()
    return Money(members, planted_table, tables)


def shares(amounts: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    return np.asarray(amounts / amounts.sum(axis=-1, keepdims=True))


def variation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Half the sum of the differences, along the last axis: 0 the same, 1 nothing in common."""
    return np.asarray(np.abs(one - other).sum(axis=-1) / 2)


def tau_b(one: np.ndarray, other: np.ndarray) -> float:
    """Kendall's rank correlation; 1 is the same order, ties count for neither."""
    upper = np.triu_indices(len(one), 1)
    first, second = (np.sign(np.subtract.outer(values, values))[upper] for values in (one, other))
    return float((first * second).sum() / np.sqrt((first != 0).sum() * (second != 0).sum()))


def report(told: dict[str, pd.DataFrame], warehouse: Path, seed: int) -> None:
    """Print the tables of one workspace."""
    by_channel, by_campaign = (money(told, warehouse, level) for level in ("channel", "campaign"))
    orders = len(by_channel.planted)
    drawn = np.random.default_rng(seed).multinomial(orders, np.full(orders, 1 / orders), size=DRAWS)
    true = shares(by_channel.planted.sum(axis=0))
    true_drawn = shares(drawn @ by_channel.planted)
    models = [name for name in by_channel.credited if not name.startswith("(")]
    far = {
        name: variation(shares(drawn @ amounts), true_drawn) for name, amounts in by_channel.credited.items()
    }  # fmt: skip
    nearest = np.array(models)[np.argmin([far[name] for name in models], axis=0)]
    print(
        f"{'model':<20}{'variation':>10}{'95 % interval':>16}{'nearest':>9}{'mean':>8}{'τ-b':>7}"
        f"{'campaigns':>11}{'one order':>11}"
    )
    found = {name: shares(amounts.sum(axis=0)) for name, amounts in by_channel.credited.items()}
    for name in sorted(found, key=lambda name: (name.startswith("("), float(variation(found[name], true)))):
        low, high = np.quantile(far[name], [0.025, 0.975])
        first = f"{(nearest == name).mean():.0%}" if name in models else ""
        campaign = shares(by_campaign.credited[name].sum(axis=0))
        alone = variation(shares(by_channel.credited[name]), shares(by_channel.planted)).mean()
        print(
            f"{name:<20}{variation(found[name], true):>10.3f}{f'{low:.3f} – {high:.3f}':>16}{first:>9}"
            f"{np.abs(found[name] - true).mean():>8.3f}{tau_b(found[name], true):>7.2f}"
            f"{variation(campaign, shares(by_campaign.planted.sum(axis=0))):>11.3f}{alone:>11.3f}"
        )
    print(f"\n{'share of':<22}{'planted':>9}" + "".join(f"{name[:12]:>13}" for name in models))
    for place, member in enumerate(by_channel.members):
        line = "".join(f"{found[name][place]:>13.1%}" for name in models)
        print(f"{member.removeprefix('crm:'):<22}{true[place]:>9.1%}{line}")


def main() -> None:
    """Print a report per scale and seed."""
    from orchestration.cli.main import invoke
    from orchestration.lib.vault.keys import KEY_VARIABLE
    from orchestration.lib.workspace import Workspace

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--scale", type=int, action="append")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--workspace", type=Path, help="a finished workspace of the demo at this scale and seed")
    asked = parser.parse_args()
    for scale in asked.scale or ([1] if asked.quick else [1, 10]):
        for seed in asked.seed or [20240101]:
            told = truth(scale, seed)
            with tempfile.TemporaryDirectory(prefix="triloop-bench-") as name:
                folder = asked.workspace
                if folder is None:
                    folder = Path(name)
                    os.environ[KEY_VARIABLE] = "a-key-for-the-benchmark-0123456789abcdef"
                    with redirect_stdout(StringIO()):
                        assert invoke(["init", name, "--demo", "--scale", str(scale), "--force"]) == 0
                        write_demo(folder, scale, seed)
                        assert invoke(["run", "-w", name, "-q", "--json"]) == 0
                planted = told["touch_shares"]
                print(
                    f"\nscale {scale}, seed {seed}: {planted.loc[planted['order'] != '', 'order'].nunique()} orders "
                    "with a planted cause\n"
                )
                report(told, Workspace.open(folder).warehouse_file, seed)


if __name__ == "__main__":
    main()
