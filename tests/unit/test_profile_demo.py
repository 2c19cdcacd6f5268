"""Precision of the proposals on the demo's exports, against the mappings that people wrote for them.

The floor is a little below what was measured; who lowers it, makes proposals worse.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.examples.demo import MAPPINGS, write_demo
from tests.unit.profile_case import Comparison, compare, profiled, text_of

PRECISION, RECALL = 0.95, 0.92


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo")
    write_demo(root)
    return root / "inbox"


def test_what_is_proposed_for_the_demo_is_right(inbox: Path) -> None:
    found = Comparison()
    for name in ("ads", "crm", "erp", "office"):
        result = profiled(inbox / name)
        text_of(result)
        found.add(compare(result, MAPPINGS / f"{name}.yml"))
    result = profiled(inbox / "service" / "service.sqlite")
    text_of(result)
    found.add(compare(result, MAPPINGS / "service.yml"))
    told = "\n".join(f"{key}: {raw} instead of {true}" for key, (raw, true) in sorted(found.wrong.items()))
    assert found.precision >= PRECISION, told
    assert found.recall >= RECALL, f"missed {sorted(found.missed)}\n{told}"
    assert len(found.right) > 250
