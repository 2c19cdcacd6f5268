"""Damaged state and a refusing system: one screen with the fix, never a fault "of ours"; Ctrl-C reaches a library."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from orchestration.cli.main import explain_error
from orchestration.lib import warehouse
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.interrupts import keyboard_interrupts
from orchestration.lib.landing import Ledger
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.store import open_vault
from orchestration.lib.workspace import Workspace

GARBAGE = b"this was a database once " * 400


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / ".triloop").mkdir()
    return Workspace(tmp_path)


def test_a_damaged_working_database_is_told(workspace: Workspace) -> None:
    workspace.warehouse_file.write_bytes(GARBAGE)
    with pytest.raises(DataError, match="the working database is damaged") as caught:
        warehouse.connect(workspace)
    assert caught.value.hint is not None


def test_a_damaged_ledger_is_told(workspace: Workspace) -> None:
    workspace.ledger_file.write_bytes(GARBAGE)
    with pytest.raises(DataError, match="the ledger is damaged"):
        Ledger(workspace)


def test_a_damaged_vault_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRILOOP_VAULT_KEY", "a key of more than sixteen characters")
    workspace.vault_file.write_bytes(GARBAGE)
    with pytest.raises(DataError, match="vault is damaged"), open_vault(workspace, VaultKeys.from_environment()):
        pass


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied", "/x"), OSError(28, "No space left", "/x")])
def test_what_the_system_refuses_is_no_fault_of_ours(error: OSError) -> None:
    told = explain_error(error)
    assert isinstance(told, ConfigurationError)
    assert told.file == "/x"
    assert told.hint


def test_an_interrupt_arrives_as_pythons_own_and_the_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    for number in (signal.SIGINT, signal.SIGTERM):
        with pytest.raises(KeyboardInterrupt), keyboard_interrupts():
            os.kill(os.getpid(), number)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
