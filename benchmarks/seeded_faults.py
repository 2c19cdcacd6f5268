"""Puts one fault at a time into a copy of the parsing code and says whether the tests catch it.

    python benchmarks/seeded_faults.py [--only TEXT]

Each fault is a replacement that still compiles; a text that is no longer in its file is an error, so that the list
cannot go stale unseen. Ends with 1 if a fault survives.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LANDING, MAPPING, CANONICAL = "orchestration/lib/landing", "orchestration/lib/mapping", "orchestration/lib/canonical"
TESTS = [
    "tests/unit/test_landing_csv.py",
    "tests/unit/test_landing_broken_rows.py",
    "tests/unit/test_mapping_casts.py",
    "tests/unit/test_mapping_properties.py",
    "tests/unit/test_landing_csv_properties.py",
    "tests/unit/test_landing_drift.py",
    "tests/unit/test_sources_baseline.py",
    "tests/integration/test_bad_inputs.py",
    "tests/unit/test_landing_excel.py",
    "tests/unit/test_landing_jsonl.py",
]
# file, what stands there, what is put instead
FAULTS: list[tuple[str, str, str]] = [
    (f"{LANDING}/csv_records.py", "self.is_blank: Flags = self.ends - self.starts - is_crlf == 0", "self.is_blank: Flags = self.ends - self.starts == 0"),
    (f"{LANDING}/csv_records.py", "separators, self.starts) + 1", "separators, self.starts)"),
    (f"{LANDING}/csv_records.py", "(np.cumsum(self._is_quote) & 1).astype(bool)", "np.zeros(len(self._sign), dtype=bool)"),
    (f"{LANDING}/csv_records.py", "if self._end_of_line(int(self.starts[record])) < int(self.ends[record]):", "if False:"),
    (f"{LANDING}/csv_records.py", "self.codes[np.searchsorted(self.ends, nul[nul < whole])] = NUL_BYTE", "pass"),
    (f"{LANDING}/csv_records.py", "wanted[self._position[self._is_cr & ~self._is_lone_cr]] = False", "pass"),
    (f"{LANDING}/csv_structure.py", "piece.codes[wrong] = RAGGED", "pass"),
    (f"{LANDING}/csv_structure.py", "shift = self._records + filled + 1 -", "shift = self._records + filled -"),
    (f"{LANDING}/csv_structure.py", ".replace(quote, 2 * quote)", ""),
    (f"{LANDING}/limits.py", "broken == rows or broken >", "broken >"),
    (f"{LANDING}/decoding.py", 'text = text.removeprefix("\\ufeff")', "pass"),
    (f"{LANDING}/decoding.py", '{"gbk": "gb18030", "gb2312": "gb18030", "utf-8-sig": "utf-8"}', '{"gb18030": "gbk"}'),
    (f"{LANDING}/decoding.py", "if block.startswith(codecs.BOM_UTF8) or chinese >= _ENOUGH_CHINESE:", "if False:"),
    (f"{LANDING}/csv_load.py", 'nullstr = {literal(_NEVER)}', "nullstr = 'NA'"),
    (f"{LANDING}/excel_reader.py", "_refuse_text(content[:2048], shown)", "pass"),
    (f"{MAPPING}/cast_numbers.py", '"万": "10000"', '"万": "1000"'),
    (f"{MAPPING}/cast_numbers.py", "has_units=rule.multiply is None and not rule.invert", "has_units=False"),
    (f"{MAPPING}/cast_numbers.py", "return Cast(text, value, f\"({v} IS NOT NULL AND {_too_fine(p, scale)})\")", "return Cast(text, value)"),
    (f"{MAPPING}/cast_numbers.py", "[0-9]{{1,3}}({mark}[0-9]{{3}})+", "[0-9]{{1,3}}({mark}[0-9]{{2,3}})+"),
    (f"{MAPPING}/cast_numbers.py", r"'^\(\s*([^-+()]+?)\s*\)$', '-{_GROUP}'", r"'^\(\s*([^-+()]+?)\s*\)$', '{_GROUP}'"),
    (f"{MAPPING}/cast_dates.py", '("1899-12-30", 61)', '("1899-12-31", 61)'),
    (f"{MAPPING}/cast_dates.py", '("1899-12-30", 61)', '("1899-12-30", 0)'),
    (f"{MAPPING}/inputs.py", "CASE WHEN strlen({x}) = length({x}) THEN {x} ELSE", "CASE WHEN true THEN {x} ELSE"),
    (f"{MAPPING}/inputs.py", "lpad({sql}, {rule.zero_pad}, '0')", "rpad({sql}, {rule.zero_pad}, '0')"),
    (f"{MAPPING}/utm.py", "lower({folded(alias)})", "lower({alias})"),
    (f"{MAPPING}/reasons.py", "contains({v}, 'E+') AND", "contains({v}, '?+') AND"),
    (f"{MAPPING}/reasons.py", "coalesce(contains({v}, '\\ufffd'), false)", "false"),
    (f"{MAPPING}/compile.py", 'drop = f"CASE WHEN {FAULT} IS NULL THEN {drop} END"', "pass"),
    (f"{MAPPING}/sql.py", "trim({sql}, {blanks})", "ltrim({sql}, {blanks})"),
    (f"{LANDING}/csv_records.py", "return lone if self._last or lone + 1", "return lone if lone + 1"),
    (f"{LANDING}/header.py", "if not needed.names or needed.count(names):", "if True:"),
    (f"{LANDING}/workbook_guard.py", "any(sign in tail + block for sign in _DECLARES)", "b'<!DOCTYPE' in block[:4096]"),
    (f"{LANDING}/drift.py", "left in right or right in left or", "False and"),
    (f"{MAPPING}/reasons.py", "{p} IS NULL AND regexp_full_match({text}, '[-+]?[0-9.,]+[eE]", "regexp_full_match({text}, '[-+]?[0-9.,]+[eE]"),
    (f"{CANONICAL}/retyped.py", "if batch.sha256 in right:", "if True:"),
    (f"{CANONICAL}/staged.py", "CASE WHEN NOT is_same THEN 'conflict'", "CASE WHEN NOT is_same THEN 'merged'"),
]  # fmt: skip


def caught(folder: Path, fault: tuple[str, str, str]) -> str | None:
    """The first test that fails with the fault in place; None if all pass."""
    name, old, new = fault
    file = folder / name
    text = file.read_text(encoding="utf-8")
    if text.count(old) < 1:
        raise SystemExit(f"{name} no longer holds {old!r}: mend the list of faults")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-n", "2", "--no-header", "-p", "no:cacheprovider", *TESTS],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": ""},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        file.write_text(text, encoding="utf-8")
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].removeprefix("FAILED ")[:110] if failed else "the tests did not run"


def main() -> int:
    """Try every fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="faults whose file or text holds this")
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "copy"
        ignore = shutil.ignore_patterns(".git", ".venv", "demo", "__pycache__", "target", "node_modules")
        shutil.copytree(ROOT, folder, ignore=ignore)
        survived = tried = 0
        for fault in FAULTS:
            if only not in f"{fault[0]} {fault[1]}":
                continue
            tried += 1
            found = caught(folder, fault)
            survived += found is None
            print(f"{'SURVIVED' if found is None else 'caught  '} {fault[0]}: {fault[1][:70]!r} → {found}", flush=True)
    print(f"{tried - survived} of {tried} faults caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
