"""The examples: deterministic, complete, planted as a real export would be; and the oracles' own arithmetic by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestration.examples.demo import plant_currency_fault, plant_time_fault, truth, write_demo
from orchestration.examples.demo.build import build
from orchestration.examples.demo.fields import EXPORT_DAY, half_up, moment_text, money_text, numbered
from orchestration.examples.demo.frames import FRAMES
from orchestration.examples.demo.writers import write_csv
from orchestration.examples.olist import REQUIRED_FILES, VARIABLE, write_example
from orchestration.lib.errors import ConfigurationError
from tests.oracles.exact import credited, linear, position_based, rounded, shares


def contents(root: Path) -> dict[str, str]:
    """Path → hash of every file."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo")
    write_demo(root)
    return root


def test_the_same_seed_writes_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    write_demo(tmp_path / "again")
    assert contents(demo) == contents(tmp_path / "again")
    write_demo(tmp_path / "other", seed=7)
    assert contents(demo) != contents(tmp_path / "other")


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return truth()


def crm(demo: Path, name: str) -> pd.DataFrame:
    """A file of the CRM, all text."""
    return pd.read_csv(demo / "inbox" / "crm" / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")


def test_the_demo_holds_what_it_should_and_no_truth(demo: Path, known: dict[str, Any]) -> None:
    files = contents(demo)
    sources = {"crm", "erp", "ads", "service", "office"}
    assert {name.split("/")[1] for name in files if name.startswith("inbox/")} == sources
    assert {name for name in files if name.startswith("mappings/")} == {f"mappings/{s}.yml" for s in sources}
    assert not [name for name in files if "truth" in name]
    assert len(known["duplicate_leads"]) == 25
    assert len(known["quarantined"]) >= 7
    orders = pd.read_csv(demo / "inbox" / "erp" / f"订单_{EXPORT_DAY}.csv", dtype=str, encoding="gb18030")
    assert 260 < len(orders) < 340
    assert {"人民币", "RMB", "USD", "EUR"} == set(orders["币种"])
    assert (demo / "inbox" / "crm" / "leads.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert 9_000 < len(crm(demo, "touchpoints")) + len(crm(demo, "offline_touchpoints")) < 11_000
    assert 950 < len(crm(demo, "leads")) < 1_100


def test_every_frame_has_the_columns_that_are_promised() -> None:
    factory = build(1, 20240101)
    for name, columns in FRAMES.items():
        assert not set(columns) - set(factory[name].columns), name
        assert factory[name].index.equals(pd.RangeIndex(len(factory[name]))), name


def test_quotes_are_sums_of_their_lines_and_the_accepted_one_is_the_deal(demo: Path) -> None:
    quotes, lines, deals = crm(demo, "quotes"), crm(demo, "quote_lines"), crm(demo, "opportunities")
    quotes = quotes[quotes["quote_id"] != "BJ99901"].set_index("quote_id")
    parts = lines.assign(net=lines["net_amount"].map(Decimal)).groupby("quote_id")["net"].agg(sum)
    assert dict(parts) == {number: Decimal(text) for number, text in quotes["net_amount"].items()}
    priced = lines["qty"].map(Decimal) * lines["unit_price"].map(Decimal)
    assert priced.tolist() == lines["net_amount"].map(Decimal).tolist()
    accepted = quotes[quotes["status"] == "已接受"].set_index("opp_id")["net_amount"]
    won = deals[deals["result"] == "赢单"].set_index("opp_id")["amount"]
    assert dict(accepted) == dict(won)
    # versions count up from 1 and follow one another; only the last can still be open or accepted
    ordered = quotes.sort_values(["opp_id", "version"])
    for _, group in ordered.groupby("opp_id"):
        assert group["version"].tolist() == [str(number) for number in range(1, len(group) + 1)]
        assert group["quoted_at"].is_monotonic_increasing
        assert set(group["status"].iloc[:-1]) <= {"已替代"}


def test_an_opportunity_moves_in_order_from_its_creation_to_its_end(demo: Path) -> None:
    events, deals = crm(demo, "stage_history"), crm(demo, "opportunities").set_index("opp_id")
    by_deal = (
        events[events["object"] == "商机"].sort_values(["object_id", "entered_at", "event_id"]).groupby("object_id")
    )
    assert set(by_deal.groups) == set(deals.index)
    again = 0
    for deal, group in by_deal:
        row = deals.loc[deal]
        assert group["stage"].iloc[0] == "需求确认"
        assert group["entered_at"].iloc[0] == row["created_at"]
        assert group["stage"].iloc[-1] == row["stage"]
        assert not row["closed_at"] or group["entered_at"].iloc[-1] == row["closed_at"]
        again += group["stage"].duplicated().any()
    assert again > 5  # some go back from bargaining to quoting
    length = pd.to_datetime(deals["closed_at"]) - pd.to_datetime(deals["created_at"])
    assert length.dt.days.min() >= 20
    assert length.dt.days.max() <= 240


def test_nothing_happens_before_its_cause(demo: Path) -> None:
    leads = crm(demo, "leads").drop_duplicates("lead_id").set_index("lead_id")
    deals = crm(demo, "opportunities").set_index("opp_id")
    asked = deals[deals["lead_id"] != ""]
    assert (leads["created_at"].reindex(asked["lead_id"]).to_numpy() < asked["created_at"].to_numpy()).all()
    acts = crm(demo, "interactions")
    acts = acts[acts["opp_id"] != ""]
    about = deals.loc[acts["opp_id"]]
    assert (acts["happened_at"].to_numpy() >= about["created_at"].to_numpy()).all()
    closed = about["closed_at"].replace("", "9999").to_numpy()
    assert (acts["happened_at"].to_numpy() <= closed).all()
    sessions = crm(demo, "sessions")
    assert (sessions["starts_at"] < sessions["ends_at"]).all()


def test_the_truth_knows_causes_and_identities(demo: Path, known: dict[str, Any]) -> None:
    shares = known["touch_shares"]
    assert ((shares.groupby("opportunity")["share"].sum() - 1).abs() < 1e-6).all()
    deals = crm(demo, "opportunities").set_index("opp_id")
    assert set(deals.loc[shares["opportunity"].unique(), "result"]) == {"赢单"}
    times = pd.concat(
        [
            crm(demo, "touchpoints").set_index("touch_id")["touched_at"],
            crm(demo, "offline_touchpoints").set_index("touch_id")["touch_date"],
        ]
    )
    assert (times.loc[shares["touch"]].to_numpy() <= deals.loc[shares["opportunity"], "closed_at"].to_numpy()).all()
    assert set(known["identities"]["lead"]) == set(crm(demo, "leads")["lead_id"]) - {"L99901", "L99902"}
    person = known["identities"].set_index("lead")["person"]
    assert all(person[again] == person[first] for again, first in known["duplicate_leads"].items())
    accounts = known["accounts"]
    written = set(crm(demo, "contacts")["company"])
    assert (accounts["name"] != accounts["company"]).sum() > 50
    assert len(written & set(accounts["company"])) > 200


def test_scale_multiplies_leads_touches_and_orders(known: dict[str, Any]) -> None:
    small, large = known["rows"], truth(3)["rows"]
    for name in ("crm/leads.csv", "crm/touchpoints.csv", f"erp/订单_{EXPORT_DAY}.csv", "crm/opportunities.csv"):
        assert 2.5 < large[name] / small[name] < 3.5


@pytest.mark.parametrize(
    ("plant", "changed", "added"),
    [
        (lambda root: plant_currency_fault(root, "missing_rates"), 1, 0),
        (lambda root: plant_currency_fault(root, "unknown_currency"), 0, 2),
        (lambda root: plant_time_fault(root, "future_order"), 0, 2),
        (lambda root: plant_time_fault(root, "shipped_before_order"), 0, 1),
    ],
)
def test_a_fault_comes_as_a_new_or_changed_export(
    plant: Callable[[Path], Path], changed: int, added: int, tmp_path: Path
) -> None:
    write_demo(tmp_path)
    before = contents(tmp_path)
    named = plant(tmp_path)
    after = contents(tmp_path)
    assert sum(after[name] != before[name] for name in before) == changed
    assert len(after.keys() - before.keys()) == added
    assert str(named.relative_to(tmp_path)) in {name for name in after if after[name] != before.get(name)}


def test_olist_says_which_file_is_missing_and_keeps_other_variables(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "full").mkdir(parents=True)
    for name in REQUIRED_FILES[1:]:
        (data / name).touch()
    with pytest.raises(ConfigurationError, match="qualified_leads"):
        write_example(tmp_path / "workspace", data)
    (data / REQUIRED_FILES[0]).touch()
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / ".env").write_text(f"OTHER=1\n{VARIABLE}=/old\n", encoding="utf-8")
    settings = write_example(workspace, data)
    assert (workspace / ".env").read_text(encoding="utf-8") == f"OTHER=1\n{VARIABLE}={data}\n"
    assert settings["attribution"]["reset_at_order"] is False


def test_generator_writes_money_exactly() -> None:
    amounts = [123_456_789, -5, 0, 100_000, 1_234_567_890_123, 99_900]
    expected = ["1,234,567.89", "-0.05", "0.00", "1,000.00", "12,345,678,901.23", "999.00"]
    assert money_text(amounts, thousands=True).tolist() == expected
    assert money_text([7_130_000, 1], places=6).tolist() == ["7.130000", "0.000001"]
    assert numbered("K", np.array([7, 12_345]), 4).to_pylist() == ["K0007", "K12345"]
    moments = np.array(["2024-02-29T23:05:00", "NaT"], dtype="datetime64[s]")
    assert moment_text(moments, "%Y/%m/%d %H:%M").tolist() == ["2024/02/29 23:05", ""]
    assert moment_text(moments, "%Y%m").tolist() == ["202402", ""]
    assert half_up([113, 112], 2).tolist() == [57, 56]


def test_a_csv_is_written_as_office_software_writes_it(tmp_path: Path) -> None:
    frame = pd.DataFrame({"名称": ['云锐,"U20"', "心电"], "备注": ["a\nb", None], "数": [1, 2]})
    write_csv(tmp_path / "a.csv", frame, "gb18030")
    told = '名称,备注,数\r\n"云锐,""U20""","a\nb",1\r\n心电,,2\r\n'
    assert (tmp_path / "a.csv").read_bytes() == told.encode("gb18030")
    write_csv(tmp_path / "b.csv", frame.iloc[:0], "utf-8-sig")
    assert (tmp_path / "b.csv").read_bytes() == b"\xef\xbb\xbf" + "名称,备注,数\r\n".encode()


def test_oracle_arithmetic_by_hand() -> None:
    assert rounded(Decimal("0.125")) == Decimal("0.13")
    assert rounded(Decimal("-0.125")) == Decimal("-0.13")
    assert position_based(1) == [1_000_000_000]
    assert position_based(2) == [500_000_000, 1_000_000_000]
    assert position_based(4) == [400_000_000, 500_000_000, 600_000_000, 1_000_000_000]
    assert linear(3) == [333_333_333, 666_666_667, 1_000_000_000]
    assert credited(Decimal("0.10"), linear(3)) == [Decimal("0.03"), Decimal("0.04"), Decimal("0.03")]
    assert credited(Decimal("-0.10"), linear(3)) == [Decimal("-0.03"), Decimal("-0.04"), Decimal("-0.03")]
    assert shares(Decimal("1.00"), [Decimal(1)] * 3) == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]
    assert shares(Decimal("1.00"), [Decimal(0)] * 2) == [Decimal("1.00"), Decimal(0)]
