"""How well who-is-who is told on the demo, against its truth: precision and recall of what merges by itself.

    python benchmarks/identity.py [--scale 1] [--scale 10] [--scale 100]

The truth (``orchestration.examples.demo.truth``) is in no workspace. Judged are, through the product's own
ingestion and identity step: every company name of a lead or contact (which customer does it mean?), every pair of
customer numbers of one institution, and every pair of leads of one person. A merge of a name that the ERP does not know
counts as wrong. What stands on the list to review counts as not merged.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

import duckdb

from orchestration.examples.demo import truth
from orchestration.lib.identity import build_identity
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace


@dataclass(frozen=True)
class Score:
    """Automatic merges, those of them that are right, and how many the truth has."""

    merged: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.merged if self.merged else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0


def scores(workspace: Workspace, scale: int, seed: int = 20240101) -> dict[str, Score]:
    """Judge a workspace whose identity step has run; ``persons`` only if the models have run, too."""
    told = truth(scale, seed)
    accounts = told["accounts"]
    customer_of: dict[str, set[str]] = defaultdict(set)  # spelling → institutions' customers, '' for none
    for row in accounts.itertuples():
        for spelling in {row.name, row.company}:
            customer_of[spelling].add(row.customer)
    institution = {f"erp:{row.customer}": row.account for row in accounts.itertuples() if row.customer}
    institution |= {f"erp:{row.second_customer}": row.account for row in accounts.itertuples() if row.second_customer}
    for row in told["distributors"].itertuples():
        customer_of[row.name].add(row.customer)
        institution[f"erp:{row.customer}"] = row.customer
    with duckdb.connect(str(workspace.warehouse_file), read_only=True) as connection:
        companies = connection.execute("select company, account_id from identity.company").fetchall()
        parties = connection.execute("select customer_id, account_id from identity.party").fetchall()
        has_leads = connection.execute(
            "select count(*) from duckdb_tables() where table_name = 'int_lead_person'"
        ).fetchone() == (1,)
        persons = (
            connection.execute("select lead_id, person_id from intermediate.int_lead_person").fetchall()
            if has_leads
            else []
        )
    found = {"companies": _companies(companies, customer_of, institution), "customers": _pairs(parties, institution)}
    if persons:
        real = told["identities"][told["identities"]["person"] >= 0]  # spam and tests are nobody
        of_person = dict(zip("crm:" + real["lead"], real["person"], strict=True))
        found["persons"] = _pairs(persons, of_person)
    return found


def _companies(
    companies: list[tuple[str, str | None]], customer_of: dict[str, set[str]], institution: dict[str, int]
) -> Score:
    merged = right = true = 0
    for company, account in companies:
        meant = customer_of.get(company, {""})
        is_one = len(meant) == 1 and meant != {""}
        true += is_one
        if account is None:
            continue
        merged += 1
        right += is_one and institution.get(account) == institution[f"erp:{next(iter(meant))}"]
    return Score(merged, right, true)


def _pairs(found: list[tuple[str, str]], of: dict[str, int]) -> Score:
    """Pairs of records in one cluster, right when the truth has them in one, too."""
    clusters: dict[str, Counter[object]] = defaultdict(Counter)
    for record, cluster in found:
        clusters[cluster][of.get(record, record)] += 1
    merged = sum(_of(sum(members.values())) for members in clusters.values())
    right = sum(_of(count) for members in clusters.values() for count in members.values())
    true = sum(_of(count) for count in Counter(of.get(record, record) for record, _ in found).values())
    return Score(merged, right, true)


def _of(count: int) -> int:
    return count * (count - 1) // 2


def main() -> None:
    """Print the scores per scale."""
    from orchestration.cli.main import invoke
    from orchestration.lib.vault.keys import KEY_VARIABLE

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, action="append")
    for scale in parser.parse_args().scale or [1, 10]:
        with tempfile.TemporaryDirectory() as folder:
            os.environ[KEY_VARIABLE] = "a-key-for-the-benchmark-0123456789abcdef"
            assert invoke(["init", folder, "--demo", "--scale", str(scale), "--force"]) == 0
            assert invoke(["ingest", "-w", folder, "--json"]) in {0, 1}
            workspace = Workspace.open(folder)
            started = time.process_time()
            build_identity(workspace, load_settings(workspace).identity)
            spent = time.process_time() - started
            for name, score in scores(workspace, scale).items():
                print(
                    f"scale {scale:>4}  {name:<10} precision {score.precision:.4f} ({score.right:,} of "
                    f"{score.merged:,})  recall {score.recall:.4f} ({score.right:,} of {score.true:,})"
                )
            print(f"scale {scale:>4}  CPU of the identity step: {spent:.1f} s")


if __name__ == "__main__":
    main()
