"""What landing a large GB18030 CSV costs, as ratios measured side by side in one process.

    python benchmarks/landing.py [--rows 1000000] [--rounds 3]

Compared: DuckDB's own ``read_csv`` of the same content in UTF-8, every column text, into a table; landing it from
GB18030 with no personal column, with 1 % broken rows, and with name, phone and e-mail of each row sealed in the vault.
Each side's best round counts, because this machine may be busy with other things; for the same reason CPU time is told
beside the clock. Figures measured so far stand in docs/explanation/architecture.md.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.lib.landing import land_object
from orchestration.lib.mapping import load_mappings
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace

HEADER = "线索编号,创建时间,姓名,手机,邮箱,公司,渠道,活动,金额,状态"
MAPPING = """source: crm
connection: {{type: files, path: inbox}}
objects:
  leads:
    file: "*.csv"
    load: append
    format: {{encoding: gb18030}}
    keep: [渠道, 活动, 金额, 状态{keep}]
    feeds:
      lead: {{columns: {{lead_id: 线索编号, created_at: 创建时间, company: 公司{personal}}}}}
"""
NAMES = ("王李张刘陈杨黄赵", "伟芳娜敏静丽强磊", "军洋勇艳杰娟涛明")
PLAIN = {"keep": ", 姓名, 手机, 邮箱", "personal": ""}
SEALED = {"keep": "", "personal": ", name: 姓名, phone: 手机, email: 邮箱"}


def write(folder: Path, rows: int) -> None:
    """The same rows in UTF-8, in GB18030, and in GB18030 with every hundredth row broken."""
    chance = random.Random(1)
    with (
        (folder / "u.csv").open("w", encoding="utf-8", newline="\n") as clean,
        (folder / "g.csv").open("w", encoding="gb18030", newline="\n") as encoded,
        (folder / "b.csv").open("w", encoding="gb18030", newline="\n") as broken,
    ):
        for file in (clean, encoded, broken):
            file.write(f"{HEADER}\n")
        for number in range(rows):
            name = "".join(chance.choice(signs) for signs in NAMES)
            line = (
                f"L{number:08d},2025-{1 + number % 12:02d}-{1 + number % 28:02d} 10:{number % 60:02d}:00,{name},"
                f"1{chance.randrange(3, 10)}{chance.randrange(10**9):09d},u{chance.randrange(10**7)}@example.com,"
                f"上海某某医疗器械有限公司{chance.randrange(50_000)},百度推广,CMEF 春季展,"
                f"{chance.randrange(10**7) / 100:.2f},新建"
            )
            clean.write(f"{line}\n")
            encoded.write(f"{line}\n")
            broken.write(f"{line}\n" if (number + 1) % 100 else f"{line},多余\n")


def land(folder: Path, file: str, how: dict[str, str]) -> Callable[[], None]:
    """Landing a file in a workspace of its own."""

    def once() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            root = Path(place)
            (root / "mappings").mkdir()
            (root / "inbox").mkdir()
            (root / "triloop.yml").write_text("company: {name: Bench}\n", encoding="utf-8")
            (root / "mappings" / "crm.yml").write_text(MAPPING.format(**how), encoding="utf-8")
            os.link(folder / file, root / "inbox" / "leads.csv")
            workspace = Workspace.open(root)
            settings = load_settings(workspace)
            mapping = load_mappings(workspace, settings)[0]
            land_object(workspace, settings, mapping, mapping.objects["leads"])

    return once


def read(folder: Path) -> Callable[[], None]:
    """DuckDB alone."""

    def once() -> None:
        with duckdb.connect() as connection:
            connection.execute(f"create temp table t as from read_csv('{folder / 'u.csv'}', all_varchar = true)")

    return once


def main() -> None:
    """Measure, and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ.setdefault("TRILOOP_VAULT_KEY", "a-key-for-the-benchmark-0123456789abcdef")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(folder, options.rows)
        sides = {
            "DuckDB read_csv, UTF-8": read(folder),
            "landing, GB18030": land(folder, "g.csv", PLAIN),
            "landing, 1 % broken rows": land(folder, "b.csv", PLAIN),
            "landing, 3 personal columns": land(folder, "g.csv", SEALED),
        }
        wall, cpu = dict.fromkeys(sides, float("inf")), dict.fromkeys(sides, float("inf"))
        for _ in range(options.rounds):
            for name, run in sides.items():
                began, used = time.monotonic(), time.process_time()
                run()
                wall[name] = min(wall[name], time.monotonic() - began)
                cpu[name] = min(cpu[name], time.process_time() - used)
    base, clean, broken, sealed = sides
    print(f"{options.rows:,} rows, best of {options.rounds}")
    for name in sides:
        print(f"  {name:30s} {wall[name]:6.2f} s, CPU {cpu[name]:6.2f} s")
    for name, other, most in ((clean, base, "4"), (sealed, base, None), (broken, clean, "1.3")):
        wanted = f" (wanted: at most {most})" if most else ""
        print(f"  {name} / {other}: {wall[name] / wall[other]:.2f}, CPU {cpu[name] / cpu[other]:.2f}{wanted}")
    print(f"  most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
