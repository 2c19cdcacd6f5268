"""Who is who on hand-made companies: what merges, what is left to a person, what no likeness can join."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.cli.main import invoke
from orchestration.lib.contract import load_contract
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.identity import build_identity
from orchestration.lib.identity.compare import COMPARISONS, PRIOR
from orchestration.lib.identity.decisions import add_decision, read_decisions, remove_decision
from orchestration.lib.settings import IdentitySettings
from orchestration.lib.workspace import Workspace

Row = dict[str, Any]
TAX_A, TAX_B = "91310000MA1K000001", "91310000MA1K000002"


class Town:
    """A workspace whose canonical customers, distributors, leads and contacts are given as rows."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        self.workspace.state_dir.mkdir(parents=True)
        (root / "triloop.yml").write_text("", encoding="utf-8")
        with self.connect() as connection:
            connection.execute("create schema canonical")
            for entity in load_contract().entities.values():
                columns = ", ".join(f'"{name}" {kind}' for name, kind in entity.sql_columns.items())
                connection.execute(f"create table canonical.{entity.name} ({columns})")

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.workspace.warehouse_file))

    def add(self, entity: str, *rows: Row) -> None:
        with self.connect() as connection:
            for row in rows:
                names = ", ".join(f'"{name}"' for name in row)
                values = ", ".join("?" * len(row))
                connection.execute(f"insert into canonical.{entity} ({names}) values ({values})", list(row.values()))

    def customers(self, *names: str | tuple[str, str], **more: str) -> None:
        for number, name in enumerate(names, 1):
            text, tax = name if isinstance(name, tuple) else (name, None)
            self.add("customer", {"customer_id": f"erp:K{number}", "name": text, "tax_id": tax, **more})

    def leads(self, *companies: str, **more: str) -> None:
        for number, company in enumerate(companies, 1):
            row = {"lead_id": f"crm:L{number}", "created_at": "2024-01-01 00:00:00", "company": company, **more}
            self.add("lead", row)

    def build(self, **settings: Any) -> str:
        return build_identity(self.workspace, IdentitySettings(**settings)).explain()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(sql).fetchall()

    def accounts(self) -> dict[str, tuple[str, str]]:
        return {
            one: (account, rule)
            for one, account, rule in self.ask("select customer_id, account_id, merge_rule from identity.party")
        }

    def means(self) -> dict[str, str | None]:
        return dict(self.ask("select company, account_id from identity.company"))

    def reviewed(self) -> set[tuple[str, str]]:
        return set(self.ask("select left_name, right_name from identity.match where decision = 'review'"))


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "w")


@pytest.mark.parametrize(
    ("customer", "written"),
    [
        ("上海仁济医疗科技有限公司", "上海仁济医疗科技"),
        ("上海仁济医疗科技有限公司", "仁濟醫療科技（上海）有限公司"),
        ("上海仁济医疗科技有限公司", "上海市仁济医疗科技有限责任公司"),
        ("仁济医疗（上海）有限公司", "仁济医疗有限公司"),
        ("青岛市第五人民医院", "青岛第五人民医院"),
        ("青岛市中心医院", "青岛中心醫院"),
        ("Rhein Klinik GmbH", "RHEIN KLINIK"),
    ],
)
def test_a_company_means_the_customer(town: Town, customer: str, written: str) -> None:
    town.customers(customer, "合肥安康诊所")
    town.leads(written)
    town.build()
    assert town.means() == {written: "erp:K1"}


@pytest.mark.parametrize(
    ("customer", "written"),
    [
        ("青岛市第五人民医院", "青岛市第六人民医院"),  # another number
        ("青岛市人民医院", "青岛市第一人民医院"),  # there may be both
        ("青岛市市南区人民医院", "青岛市人民医院"),  # of the district, of the city
        ("上海仁济医疗科技有限公司", "北京仁济医疗科技有限公司"),  # another place
        ("上海仁济骨科医院", "上海仁济妇产医院"),  # another trade
        ("上海仁济医疗科技有限公司", "上海仁和医疗科技有限公司"),  # another trade name
        ("华诚医疗（南京）有限公司", "华诚医疗器械（南京）有限公司"),
        ("上海仁济医院有限公司", "上海仁济医院有限公司浦东分公司"),  # a branch is not the firm
        ("Nord 2 Clinic LLC", "Nord 3 Clinic LLC"),
        ("个人", "个人"),
    ],
)
def test_what_is_only_alike_is_never_merged(town: Town, customer: str, written: str) -> None:
    town.customers(customer)
    town.leads(written)
    town.build()
    assert town.means() == {written: None}


def test_rivals_are_for_a_person_to_tell(town: Town) -> None:
    town.customers("仁济医疗（上海）有限公司", "仁济医疗（北京）有限公司")
    town.leads("仁济医疗有限公司")
    town.build()
    assert town.means() == {"仁济医疗有限公司": None}
    assert town.reviewed() == {
        ("仁济医疗有限公司", "仁济医疗（上海）有限公司"),
        ("仁济医疗有限公司", "仁济医疗（北京）有限公司"),
    }


def test_a_namesake_that_is_no_customer_counts_as_well(town: Town) -> None:
    """Somebody wrote of a 仁济 in 北京, so a 仁济 without a place may be that one."""
    town.customers("仁济医疗（上海）有限公司")
    town.leads("仁济医疗有限公司", "北京仁济医疗有限公司")
    town.build()
    assert town.means() == {"仁济医疗有限公司": None, "北京仁济医疗有限公司": None}


def test_customers_are_joined_by_tax_id_name_and_likeness_but_never_over_two_tax_ids(town: Town) -> None:
    town.customers(
        ("上海仁济医疗科技有限公司", TAX_A),
        ("仁济（老档案）", f" {TAX_A.lower()} "),
        "仁濟醫療科技（上海）有限公司",
        ("上海仁济医疗科技有限公司", TAX_B),
        "合肥安康诊所",
        "合肥 安康诊所",
    )
    town.build()
    accounts = town.accounts()
    assert accounts["erp:K2"] == ("erp:K1", "tax_id")
    assert accounts["erp:K4"] == ("erp:K4", "self")  # the same name, another legal entity
    assert accounts["erp:K3"] == ("erp:K3", "self")  # it could be either
    assert accounts["erp:K6"] == ("erp:K5", "name")


def test_likeness_joins_customers_of_two_sources(town: Town) -> None:
    town.add("customer", {"customer_id": "crm:A1", "name": "仁济医疗科技（上海）有限公司", "created_at": "2025-01-01"})
    town.add(
        "customer",
        {
            "customer_id": "erp:K1",
            "name": "上海市仁济医疗科技有限责任公司",
            "tax_id": TAX_A,
            "created_at": "2024-01-01",
        },
    )
    town.build()
    assert town.accounts() == {"crm:A1": ("erp:K1", "likeness"), "erp:K1": ("erp:K1", "self")}
    ((rule, decision, weight, probability, evidence),) = town.ask(
        "select rule, decision, weight, probability, evidence from identity.match"
    )
    assert (rule, decision) == ("likeness", "merged")
    # by hand: prior 0.001; m/u of core 0.9/0.0001, place 0.85/0.02, trade 0.75/0.05, legal form 0.6/0.4
    odds = (PRIOR / (1 - PRIOR)) * 9000 * 42.5 * 15 * 1.5
    assert float(probability) == pytest.approx(odds / (1 + odds), abs=1e-4)
    assert 2 ** float(weight) == pytest.approx(odds, rel=0.01)
    assert "same trade name" in evidence


def test_a_distributor_is_its_account_and_never_its_end_customer(town: Town) -> None:
    town.add("customer", {"customer_id": "erp:KD", "name": "仁济医械（上海）有限公司", "customer_type": "distributor"})
    town.add("customer", {"customer_id": "erp:KH", "name": "上海仁济医院", "customer_type": "hospital"})
    town.add("distributor", {"distributor_id": "erp:D1", "name": "上海仁济医械有限公司"})
    town.build()
    assert town.ask("select account_id, rule from identity.distributor") == [("erp:KD", "likeness")]
    assert {account for account, _ in town.accounts().values()} == {"erp:KD", "erp:KH"}


def test_a_branch_knows_its_firm(town: Town) -> None:
    town.customers("上海仁济医院有限公司", "上海仁济医院有限公司浦东分公司", ("上海仁济医院有限公司（东院区）", TAX_B))
    town.build()
    found = town.ask("select customer_id, account_id, parent_account_id from identity.party order by 1")
    assert found == [("erp:K1", "erp:K1", None), ("erp:K2", "erp:K2", "erp:K1"), ("erp:K3", "erp:K3", "erp:K1")]


def test_leads_of_one_name_at_one_company_are_proposed(town: Town) -> None:
    told = {"name": "tok_name_li", "company": "上海仁济医院", "created_at": "2024-01-01 00:00:00"}
    town.add(
        "lead",
        {"lead_id": "crm:L1", "phone": "tok_phone_1", **told},
        {"lead_id": "crm:L2", "email": "tok_email_2", **told},
    )
    town.add("lead", {"lead_id": "crm:L3", "phone": "tok_phone_3", **told, "name": "tok_name_wang"})
    town.build()
    assert town.ask("select kind, left_ref, right_ref, decision from identity.match") == [
        ("person", "lead:crm:L1", "lead:crm:L2", "review")
    ]
    add_decision(town.workspace, "same", "lead:crm:L2", "lead:crm:L1", reason="asked her", by="me")
    town.build()
    assert town.ask("select lead_id, person_key, is_apart from identity.person") == [
        ("crm:L1", "decided:crm:L1", False), ("crm:L2", "decided:crm:L1", False),
    ]  # fmt: skip


def test_people_have_the_last_word_and_can_take_it_back(town: Town) -> None:
    town.customers("上海仁济医疗科技有限公司", "合肥安康诊所", "合肥 安康诊所")
    town.leads("仁济医疗科技（上海）有限公司", "北医三院")
    company, known = "company:仁济医疗科技（上海）有限公司", "customer:erp:K1"
    add_decision(town.workspace, "different", known, company, reason="not theirs", by="me")
    add_decision(town.workspace, "same", "company:北医三院", "customer:erp:K2", reason="their short name", by="me")
    add_decision(town.workspace, "different", "customer:erp:K2", "customer:erp:K3", reason="two clinics", by="me")
    town.build()
    assert town.means() == {"仁济医疗科技（上海）有限公司": None, "北医三院": "erp:K2"}
    assert town.accounts()["erp:K3"] == ("erp:K3", "self")
    told = town.ask(
        "select left_ref, decision, decided_reason from identity.match where decided_reason is not null order by 1"
    )
    assert told == [
        (company, "rejected", "not theirs"),
        ("company:北医三院", "merged", "their short name"),
        ("customer:erp:K2", "rejected", "two clinics"),
    ]
    for decision in read_decisions(town.workspace):
        remove_decision(town.workspace, decision.left, decision.right)
    town.build()
    assert town.means() == {"仁济医疗科技（上海）有限公司": "erp:K1", "北医三院": None}
    assert town.accounts()["erp:K3"] == ("erp:K2", "name")


def test_nothing_is_done_when_nothing_changed(town: Town) -> None:
    town.customers("上海仁济医疗科技有限公司")
    town.leads("仁济医疗科技（上海）有限公司")
    first = town.build()
    before = town.ask("select table_oid from duckdb_tables() where schema_name = 'identity' order by 1")
    assert town.build() == f"{first} (nothing changed)"
    assert town.ask("select table_oid from duckdb_tables() where schema_name = 'identity' order by 1") == before
    town.leads("另一家医院")
    assert "nothing changed" not in town.build()
    assert "nothing changed" not in town.build(rival_factor=Decimal(100))


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    names = ["仁济医疗（上海）有限公司", "上海仁济医疗有限公司", "上海仁济", "仁济醫療（上海）有限公司", "北京仁济医疗"]
    told = []
    for number, order in enumerate((range(5), reversed(range(5)))):
        town = Town(tmp_path / str(number))
        for place in order:
            town.add("customer", {"customer_id": f"erp:K{place}", "name": names[place]})
            town.add("lead", {"lead_id": f"crm:{place}", "created_at": "2024-01-01", "company": names[place][:6]})
        town.build()
        told.append((town.accounts(), town.means(), town.ask("from identity.match order by all")))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("decisions:\n  - same: [customer:a]\n    reason: x\n", 2, ""),
        ("decisions:\n  - same: ['customer:a', 'customer:b']\n", 2, "reason"),
        (
            "decisions:\n  - {same: ['customer:a', 'customer:b'], different: ['lead:a', 'lead:b'], reason: x}\n",
            2,
            "either",
        ),
        ("decisions:\n  - {same: ['company:a', 'company:b'], reason: x}\n", 2, "cannot be compared"),
        ("decisions:\n  - {same: ['a', 'customer:b'], reason: x}\n", 2, "names nothing"),
        ("decision: []\n", 1, "decision"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(town: Town, text: str, line: int, part: str) -> None:
    town.workspace.identity_file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as told:
        read_decisions(town.workspace)
    assert told.value.line == line
    assert part in str(told.value)


def test_every_level_says_what_it_means_in_both_languages() -> None:
    for name, levels in COMPARISONS.items():
        assert levels[-1].condition == "ELSE" or name == "role", name
        assert all(level.en and level.zh and 0 < level.m <= 1 and 0 < level.u <= 1 for level in levels)


def test_the_command(town: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    town.customers("青岛市人民医院")
    town.leads("青岛市第一人民医院")
    root = str(town.workspace.root)
    assert invoke(["identity", "list", "-w", root]) == 1  # not built yet
    assert "triloop run" in capsys.readouterr().err
    town.build(review_probability=Decimal("0.1"))
    assert invoke(["identity", "list", "-w", root, "--lang", "zh"]) == 0
    told = capsys.readouterr().out
    assert "青岛市第一人民医院" in told
    assert "待审" in told
    ((match,),) = town.ask("select match_id from identity.match")
    assert invoke(["identity", "show", match[:6], "-w", root]) == 0
    assert "one has a number" in capsys.readouterr().out
    assert invoke(["identity", "different", match, "-w", root]) == 2  # no reason
    assert "reason" in capsys.readouterr().err
    assert invoke(["identity", "different", match, "-w", root, "--reason", "two hospitals"]) == 0
    town.build()
    assert town.ask("select decision, decided_reason from identity.match") == [("rejected", "two hospitals")]
    assert invoke(["identity", "undo", match, "-w", root]) == 0
    assert invoke(["identity", "undo", match, "-w", root]) == 2
    assert read_decisions(town.workspace) == []
    assert invoke(["identity", "same", "company:甲", "customer:erp:K9", "-w", root, "--reason", "x"]) == 0
    town.build()
    assert town.ask("select left_ref, is_known from identity.decision") == [("company:甲", False)]
