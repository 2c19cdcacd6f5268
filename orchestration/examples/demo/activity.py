"""What salespeople do and when things move on: interactions, and the stages that leads and opportunities enter."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, Factory, codes, pick, seconds, stream
from orchestration.examples.demo.pipeline import BARGAIN, INTERACTIONS, NEED, QUOTED, SHOWN, STAGES
from orchestration.examples.demo.season import at_office

OUTCOMES = {
    "电话": (("有意向", "需跟进", "未接通", "暂无需求"), (0.3, 0.35, 0.22, 0.13)),
    "邮件": (("已回复", "未回复"), (0.45, 0.55)),
    "微信": (("已回复", "未回复"), (0.7, 0.3)),
    "拜访": (("有意向", "需跟进", "暂无需求"), (0.45, 0.42, 0.13)),
    "演示": (("效果认可", "提出疑问", "效果一般"), (0.55, 0.28, 0.17)),
    "样机试用": (("试用满意", "继续试用", "退回"), (0.6, 0.2, 0.2)),
    "会议": (("达成一致", "需跟进"), (0.4, 0.6)),
}
"""Outcomes of each kind with their weights; the first is the good one."""
COUNTS = ("call", "mail", "chat", "visit", "demo", "sample", "meeting")


def build_stages(factory: Factory) -> None:
    """Stage history of opportunities; some skip the demonstration, some go back to quoting. Sets what stage is now."""
    rng = stream(factory.seed, "stages")
    deals = factory.truth["deal"]
    created, closed = deals["created"].to_numpy(), deals["closed"].to_numpy()
    first_quote = np.minimum(created + seconds(deals["quote_days"].to_numpy()), closed)
    reached, count = deals["reached"].to_numpy(), len(deals)
    won, over = deals["won"].to_numpy(), ~deals["open"].to_numpy()
    everyone = np.arange(count)

    def between(begin: np.ndarray, end: np.ndarray, low: float, high: float) -> np.ndarray:
        share = low + rng.random(count) * (high - low)
        return np.asarray(begin + ((end - begin).astype("int64") * share).astype("int64").astype("timedelta64[s]"))

    bargained = between(first_quote, closed, 0.25, 0.55)
    back = between(bargained, closed, 0.25, 0.5)
    again = (reached >= BARGAIN) & (deals["versions"] >= 3).to_numpy() & (rng.random(count) < 0.6)
    steps = [
        (everyone, NEED, created),
        (
            np.flatnonzero((reached >= SHOWN) & (rng.random(count) > 0.15)),
            SHOWN,
            between(created, first_quote, 0.2, 0.8),
        ),
        (np.flatnonzero(reached >= QUOTED), QUOTED, first_quote),
        (np.flatnonzero(reached >= BARGAIN), BARGAIN, bargained),
        (np.flatnonzero(again), QUOTED, back),
        (np.flatnonzero(again), BARGAIN, between(back, closed, 0.3, 0.7)),
    ]
    parts = [
        pd.DataFrame({"deal": rows, "stage": stage, "rank": rank, "at": at[rows]})
        for rank, (rows, stage, at) in enumerate(steps)
    ]
    event = pd.concat(parts, ignore_index=True).sort_values(["deal", "rank"], kind="stable").reset_index(drop=True)
    event["at"] = _in_order(rng, event, created, closed)
    ended = pd.DataFrame({"deal": everyone, "stage": len(STAGES) + (~won).astype("int64"), "rank": 9, "at": closed})
    event = pd.concat([event, ended[over]], ignore_index=True)
    event = event[(event["at"] <= CUTOFF).to_numpy()].sort_values(["deal", "rank"], kind="stable")
    last = event.drop_duplicates("deal", keep="last").set_index("deal")["stage"]
    deals["stage_now"] = last.reindex(everyone).to_numpy().clip(0, len(STAGES) - 1)
    factory.truth["deal_stage"] = event[["deal", "stage", "at"]].reset_index(drop=True)


def _in_order(rng: np.random.Generator, event: pd.DataFrame, created: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """Office hours, never before the step before, always some minutes before the end."""
    deal, rank = event["deal"].to_numpy(), event["rank"].to_numpy()
    at = np.where(rank == 0, event["at"].to_numpy(), at_office(rng, event["at"].to_numpy()))
    base = created[deal].astype("int64")
    latest = closed[deal].astype("int64") - base - 600 * (7 - rank)
    offset = np.minimum(at.astype("int64") - base + 60 * rank, np.maximum(latest, 60 * rank))
    # a running maximum within each deal: deals lie further apart than any of them lasts
    lane = deal.astype("int64") * 10**9
    offset = np.maximum.accumulate(offset + lane + rank) - lane
    return np.asarray((base + offset).astype("datetime64[s]"))


def build_activity(factory: Factory) -> None:
    """Interactions and stage events under the ids of the CRM."""
    rng = stream(factory.seed, "activity")
    lead, opportunity = factory["lead"], factory["opportunity"]
    calls = _first_calls(factory, rng)
    factory["interaction"] = _finish(
        pd.concat([_with_deals(factory, rng), calls], ignore_index=True), "interaction", "HD"
    )
    event = factory.truth["deal_stage"]
    words = np.array([*STAGES, "赢单", "输单"], dtype=object)
    deal_events = pd.DataFrame(
        {
            "subject_kind": "商机",
            "subject": opportunity["opportunity"].to_numpy()[event["deal"]],
            "stage": words[event["stage"]],
            "at": event["at"],
        }
    )
    contacted = calls.sort_values("at", kind="stable").drop_duplicates("lead")[["lead", "at"]]
    parts = [deal_events]
    for stage, rows, at in (
        ("新线索", lead["lead"], lead["created"]),
        ("跟进中", contacted["lead"], contacted["at"]),
        ("MQL", lead["lead"], lead["mql"]),
        ("SQL", lead["lead"], lead["sql"]),
    ):
        known = at.notna().to_numpy()
        frame = pd.DataFrame({"subject": rows[known].to_numpy(), "stage": stage, "at": at[known].to_numpy()})
        parts.append(frame.assign(subject_kind="线索"))
    factory["stage_event"] = _finish(pd.concat(parts, ignore_index=True), "stage_event", "JD")


def _finish(frame: pd.DataFrame, name: str, prefix: str) -> pd.DataFrame:
    frame = frame.sort_values("at", kind="stable").reset_index(drop=True)
    frame.insert(0, name, codes(prefix, len(frame), 6))
    return frame


def _with_deals(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    deals, opportunity = factory.truth["deal"], factory["opportunity"]
    number = np.concatenate([deals[name].to_numpy() for name in COUNTS])
    deal = np.repeat(np.tile(np.arange(len(deals)), len(COUNTS)), number)
    kind = np.repeat(np.repeat(np.arange(len(COUNTS)), len(deals)), number)
    created, closed = deals["created"].to_numpy()[deal], deals["closed"].to_numpy()[deal]
    share = 0.02 + 0.9 * rng.random(len(deal))
    at = at_office(rng, created + ((closed - created).astype("int64") * share).astype("int64").astype("timedelta64[s]"))
    at = np.where(at < closed, at, closed - np.timedelta64(3_600, "s"))
    at = np.maximum(at, created + np.timedelta64(900, "s"))
    outcome = _outcomes(rng, kind, deals["chance"].to_numpy()[deal])
    rows = pd.DataFrame(
        {
            "lead": opportunity["lead"].to_numpy()[deal],
            "opportunity": opportunity["opportunity"].to_numpy()[deal],
            "customer": opportunity["customer"].to_numpy()[deal],
            "kind": np.array(INTERACTIONS, dtype=object)[kind],
            "at": at,
            "sales": opportunity["owner"].to_numpy()[deal],
            "outcome": outcome,
        }
    )
    return rows[(rows["at"] <= CUTOFF).to_numpy()]


def _outcomes(rng: np.random.Generator, kind: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Drawn by kind; where the deal stands well, a good outcome is likelier."""
    result = np.full(len(kind), "", dtype=object)
    for number, name in enumerate(INTERACTIONS):
        rows = np.flatnonzero(kind == number)
        words, weights = OUTCOMES[name]
        drawn = pick(rng, words, len(rows), weights)
        result[rows] = np.where(rng.random(len(rows)) < 0.35 * chance[rows], words[0], drawn)
    return result


def _first_calls(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    """The call that follows a lead, hours to days later, and a second one where nobody answered."""
    truth, lead = factory.truth["lead"], factory["lead"]
    odds = truth["sort"].map({"base": 0.86, "later": 0.7, "again": 0.1, "spam": 0.35, "test": 0.0}).to_numpy()
    rows = np.flatnonzero(rng.random(len(truth)) < odds)
    delay = np.clip(rng.lognormal(np.log(0.35), 1.1, len(rows)), 0.01, 12)
    at = at_office(rng, truth["created"].to_numpy()[rows] + seconds(delay))
    # at_office may fall earlier on the same day than the lead itself
    at = np.maximum(at, truth["created"].to_numpy()[rows] + np.timedelta64(600, "s"))
    spam = truth["sort"].isin(["spam"]).to_numpy()[rows]
    outcome = _outcomes(rng, np.zeros(len(rows), dtype="int64"), np.zeros(len(rows)))
    outcome = np.where(spam, np.where(rng.random(len(rows)) < 0.6, "空号", "暂无需求"), outcome)
    missed = np.flatnonzero((outcome == "未接通") & (rng.random(len(rows)) < 0.7))
    second = at_office(rng, at[missed] + seconds(1 + 2 * rng.random(len(missed))))
    place = np.concatenate([rows, rows[missed]])
    again = _outcomes(rng, np.zeros(len(missed), dtype="int64"), np.zeros(len(missed)))
    code = factory.truth["lead_code"]["lead"].to_numpy()
    by_code = lead.set_index("lead")
    calls = pd.DataFrame(
        {
            "lead": code[place],
            "opportunity": "",
            "customer": by_code["customer"].reindex(code[place]).to_numpy(),
            "kind": "电话",
            "at": np.concatenate([at, second]),
            "sales": by_code["owner"].reindex(code[place]).to_numpy(),
            "outcome": np.concatenate([outcome, again]),
        }
    )
    return calls[(calls["at"] <= CUTOFF).to_numpy()]
