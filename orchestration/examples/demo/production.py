"""Production orders of the demo with their costs, and what was found wrong with what they made."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.catalogue import CHECK_STEPS, USUAL_STEPS
from orchestration.examples.demo.fields import CUTOFF, DAY, Factory, codes, day_of, stream
from orchestration.examples.demo.workdays import workday

BAD_FAMILY = "耗材"
BAD_SHARE = 0.16
"""Share of the planted bad lot that failed the final inspection and was reworked before it went out all the same."""
DEFECTS = {
    "来料检验": ("W01", "W02", "W07"),  # scratches, size, missing certificate
    "过程检验": ("D03", "D05", "D08", "D11"),  # solder, screw torque, seal, foreign matter
    "成品检验": ("F01", "F02", "F06"),  # leakage current, display, label
}


def build_production(factory: Factory) -> None:
    """Every lot that the factory makes: plan, result and cost; those begun before the export, whether done or not."""
    rng = stream(factory.seed, "production")
    product, lots = factory["product"], factory["lot"]
    lots["lot_index"] = np.arange(len(lots))
    index = lots["product_index"].to_numpy()
    lots["bought"] = product["bought"].to_numpy()[index]
    lots["cost"] = _costs(rng, product, lots)
    made = lots[~lots["bought"] & (lots["started"] <= CUTOFF)]
    made = made.sort_values(["started", "lot"], kind="stable").reset_index(drop=True)
    count = len(made)
    started, finished = made["started"].to_numpy(), made["finished"].to_numpy()
    done = finished <= CUTOFF
    planned_start = np.minimum(day_of(started), workday(started - rng.integers(0, 4, count) * DAY))
    # one in eight lots runs over its plan
    over = rng.random(count) < 0.12
    spare = np.where(over, -rng.integers(1, 5, count), rng.integers(0, 4, count))
    planned_finish = np.maximum(workday(day_of(finished) + spare * DAY), planned_start)
    planned_finish = np.where(over, np.minimum(planned_finish, day_of(finished) - DAY), planned_finish)
    planned_finish = np.maximum(planned_finish, planned_start)
    cost = made["cost"].to_numpy()
    material = cost * rng.integers(60, 66, count) // 100
    labour = cost * rng.integers(18, 22, count) // 100
    lines = factory["order_line"]
    row = made["row"].to_numpy()
    for_order = np.where(row >= 0, lines["order"].to_numpy(dtype=object)[row], "")
    for_line = np.where(row >= 0, lines["line"].to_numpy()[row], 0)
    factory["production"] = pd.DataFrame(
        {
            "work_order": codes("MO", count, 5),
            "product": made["product"],
            "product_index": made["product_index"],
            "lot": made["lot"],
            "lot_index": made["lot_index"],
            "order": for_order,
            "line": for_line,
            "planned_start": planned_start,
            "planned_finish": planned_finish,
            "started": started,
            "finished": pd.Series(finished).where(done),
            "planned": made["planned"],
            "made": np.where(done, made["made"], 0),
            "scrapped": np.where(done, made["scrapped"], 0),
            # what is still being made has taken its material, and half of the work
            "material": material,
            "labour": np.where(done, labour, labour // 2),
            "overhead": np.where(done, cost - material - labour, (cost - material - labour) // 2),
        }
    )
    factory["inspection"] = _inspections(factory, rng, made)


def _costs(rng: np.random.Generator, product: pd.DataFrame, lots: pd.DataFrame) -> np.ndarray:
    """What a lot cost, scrap included: around standard, a little more each month, less in large lots."""
    standard = product["standard_cost"].to_numpy()[lots["product_index"]]
    month = (lots["started"].to_numpy().astype("datetime64[M]").astype("int64") - 648).clip(0, 30)
    level = 965 + 2 * month + rng.integers(-45, 46, len(lots))
    return np.asarray(standard * lots["planned"].to_numpy() * level // 1000)


def _inspections(factory: Factory, rng: np.random.Generator, made: pd.DataFrame) -> pd.DataFrame:
    """Incoming goods, two steps in process and the final inspection; counts agree with what was scrapped and made."""
    product = factory["product"]
    family = product["family"].to_numpy(dtype=object)[made["product_index"]]
    steps = np.array([CHECK_STEPS.get(name, USUAL_STEPS) for name in family], dtype=object).reshape(-1, 2)
    planned, scrapped = made["planned"].to_numpy(), made["scrapped"].to_numpy()
    early = rng.binomial(scrapped, 0.7)
    started, span = made["started"].to_numpy(), made["finished"].to_numpy() - made["started"].to_numpy()
    bad = _bad_lot(factory, made)
    parts = []
    nothing = np.zeros(len(made), dtype="int64")
    for kind, step, share, checked, rejected, rework in (
        ("来料检验", "来料", 0.0, planned, nothing, 0.006),
        ("过程检验", steps[:, 0], 0.55, planned, early, 0.014),
        ("过程检验", steps[:, 1], 0.85, planned - early, scrapped - early, 0.011),
        ("成品检验", "出厂", 1.0, planned - scrapped, nothing, 0.012),
    ):
        quality = np.clip(rng.gamma(2.0, rework / 2, len(made)), 0.0, 0.2)
        if kind == "成品检验":
            quality[bad] = BAD_SHARE
        reworked = rng.binomial(checked - rejected, quality)
        options = np.array(DEFECTS[kind], dtype=object)
        defect = options[rng.integers(0, len(options), len(made))]
        parts.append(
            pd.DataFrame(
                {
                    "lot": made["lot"],
                    "work_order": factory["production"]["work_order"],
                    "kind": kind,
                    "step": step,
                    "at": started + (span.astype("int64") * share).astype("timedelta64[s]"),
                    "checked": checked,
                    "passed": checked - rejected - reworked,
                    "reworked": reworked,
                    "rejected": rejected,
                    "defect": np.where(rejected + reworked > 0, defect, ""),
                }
            )
        )
    checks = pd.concat([*parts, _bought_in(factory, rng)], ignore_index=True)
    checks = checks[(checks["at"] <= CUTOFF) & (checks["checked"] > 0)]
    checks = checks.sort_values(["at", "lot", "kind", "step"], kind="stable").reset_index(drop=True)
    checks.insert(0, "inspection", codes("QC", len(checks), 5))
    return checks


def _bought_in(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    """What is bought in is inspected when it arrives; no production order stands behind such a lot."""
    lots = factory["lot"][factory["lot"]["bought"]]
    received = lots["made"].to_numpy()
    rejected = rng.binomial(received, 0.004)
    return pd.DataFrame(
        {
            "lot": lots["lot"],
            "work_order": "",
            "kind": "来料检验",
            "step": "来料",
            "at": lots["finished"],
            "checked": received + rejected,
            "passed": received,
            "reworked": 0,
            "rejected": rejected,
            "defect": np.where(rejected > 0, "W02", ""),
        }
    )


def _bad_lot(factory: Factory, made: pd.DataFrame) -> np.ndarray:
    """The planted lot of consumables that complaints and an adverse event will lead back to: the one most shipped."""
    shipped = factory["shipment_line"]
    rows = np.bincount(shipped["lot_index"], minlength=len(factory["lot"]))[made["lot_index"]]
    family = factory["product"]["family"].to_numpy(dtype=object)[made["product_index"]]
    old = (made["finished"] < CUTOFF - 200 * DAY).to_numpy()
    candidates = np.where((family == BAD_FAMILY) & old, rows, -1)
    place = np.array([int(np.argmax(candidates))])
    factory.planted["bad_lot"] = str(made["lot"].iloc[int(place[0])])
    return place


def lot_unit_cost(factory: Factory) -> np.ndarray:
    """What one good unit of each lot cost, in whole fen, as the ERP settles it."""
    lots = factory["lot"]
    return np.asarray(lots["cost"].to_numpy() // np.maximum(lots["made"].to_numpy(), 1))
