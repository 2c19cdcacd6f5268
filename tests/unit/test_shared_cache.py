"""The cache of what follows from the code alone: whole entries or none, and never the cause of a failed run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestration.lib import shared_cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(shared_cache.FOLDER_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def _file(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_what_is_kept_is_fetched_whole(tmp_path: Path) -> None:
    shared_cache.keep("dbt", "k", [_file(tmp_path / "in", "a", "1"), _file(tmp_path / "in", "b", "2")])
    assert shared_cache.fetch("dbt", "k", ["a", "b"], tmp_path / "out")
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {"a": "1", "b": "2"}


def test_an_incomplete_or_unknown_entry_is_a_miss(tmp_path: Path) -> None:
    shared_cache.keep("dbt", "k", [_file(tmp_path / "in", "a", "1")])
    assert not shared_cache.fetch("dbt", "k", ["a", "b"], tmp_path / "out")
    assert not shared_cache.fetch("dbt", "other", ["a"], tmp_path / "out")
    assert not shared_cache.fetch("metricflow", "k", ["a"], tmp_path / "out")


def test_an_entry_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path, own_cache: Path) -> None:
    shared_cache.keep("dbt", "k", [_file(tmp_path / "in", "a", "1"), tmp_path / "in" / "missing"])
    assert list((own_cache / "dbt").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shared_cache.FOLDER_VARIABLE, str(_file(tmp_path, "a-file", "")))
    shared_cache.keep("dbt", "k", [_file(tmp_path / "in", "a", "1")])
    assert not shared_cache.fetch("dbt", "k", ["a"], tmp_path / "out")


def test_the_least_recently_used_go_first(tmp_path: Path, own_cache: Path) -> None:
    source = _file(tmp_path / "in", "a", "1")
    for number in range(shared_cache.KEPT):
        shared_cache.keep("dbt", f"k{number}", [source])
        os.utime(own_cache / "dbt" / f"k{number}", (number, number))
    assert shared_cache.fetch("dbt", "k0", ["a"], tmp_path / "out")  # k0 is used again, so k1 is the oldest
    shared_cache.keep("dbt", "new", [source])
    left = {path.name for path in (own_cache / "dbt").iterdir()}
    assert left == {"k0", "new", *(f"k{number}" for number in range(2, shared_cache.KEPT))}
