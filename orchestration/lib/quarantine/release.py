"""Releasing rows: checked now, noted in the ledger, done by the next run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from orchestration.lib.canonical.released import KEY_CONFLICT, MERGED, waivable
from orchestration.lib.contract import Contract, load_contract
from orchestration.lib.errors import ConfigurationError, DataError, nearest
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.model import Batch
from orchestration.lib.landing.releases import NewRelease, Release, Releases
from orchestration.lib.mapping.sql import literal
from orchestration.lib.quarantine.rows import Held
from orchestration.lib.quarantine.values import as_landed
from orchestration.lib.workspace import Workspace


def release_rows(
    workspace: Workspace,
    rows: Sequence[Held],
    *,
    changes: Mapping[str, str | None],
    accept: bool,
    keep_first: bool = False,
    reason: str,
    user: str,
) -> list[NewRelease]:
    """Note that rows may go in: all of them or, when one cannot be released so, none.

    The caller holds the workspace's writer lock.

    Args:
        changes: raw column → the text to read in its place, None for nothing.
        accept: waive what can be waived without inventing a value.
        keep_first: of two rows of one id the first stands, and these count as merged with it.

    Raises:
        ConfigurationError: nothing is said about what is to be different, a column does not exist, or a value does not
            fit its type.
        DataError: something is wrong with a row that only a value can mend.
    """
    if not reason.strip():
        raise ConfigurationError("a release needs a reason", hint="--reason TEXT")
    if not changes and not accept:
        raise ConfigurationError(
            "nothing would be different about these rows",
            hint="--set COLUMN=VALUE corrects what is in the file, --accept waives what can be waived",
        )
    if keep_first and not (accept and all(KEY_CONFLICT in row.rules for row in rows)):
        raise ConfigurationError(
            "--keep-first is about rows with the id of another row", hint=f"use it with --accept, for {KEY_CONFLICT}"
        )
    contract, ledger = load_contract(), Ledger(workspace)
    batches: dict[tuple[str, str, str], Batch] = {}
    for row in rows:
        if not changes:
            _check_waivable(contract, row)
        key = (row.source_system, row.source_object, row.sha256)
        if key in batches:
            continue
        batch = ledger.find(*key)
        if batch is None:
            raise DataError(f"{row.source_file} is not landed any more", hint="triloop run brings the list up to date")
        _check_changes(batch, changes)
        batches[key] = batch
    # only when every row can be released is a value put into the vault
    landed = {key: as_landed(workspace, batch, changes) for key, batch in batches.items()}
    releases = [
        NewRelease(
            quarantine_id=row.quarantine_id,
            source_system=row.source_system,
            source_object=row.source_object,
            feed=row.feed,
            sha256=row.sha256,
            source_file=row.source_file,
            source_row=row.source_row,
            rules=row.rules,
            waived=_waived(contract, row, keep_first=keep_first) if accept else (),
            changes=landed[row.source_system, row.source_object, row.sha256],
        )
        for row in rows
    ]
    Releases(workspace).add(releases, reason=reason.strip(), user=user)
    return releases


def revoke_releases(workspace: Workspace, releases: Sequence[Release], *, reason: str, user: str) -> None:
    """Undo releases; the caller holds the workspace's writer lock.

    Raises:
        ConfigurationError: no reason is given.
    """
    if not reason.strip():
        raise ConfigurationError("taking a release back needs a reason", hint="--reason TEXT")
    Releases(workspace).revoke([one.release_id for one in releases], reason=reason.strip(), user=user)


def parse_changes(pairs: Sequence[str]) -> dict[str, str | None]:
    """``COLUMN=VALUE`` pairs; nothing after the sign means an empty cell.

    Raises:
        ConfigurationError: one has no ``=``, or a column is named twice.
    """
    changes: dict[str, str | None] = {}
    for pair in pairs:
        column, sign, value = pair.partition("=")
        if not sign or not column.strip():
            raise ConfigurationError("--set wants COLUMN=VALUE", hint="--set 金额=1200.00")
        if column.strip() in changes:
            raise ConfigurationError(f"--set names the column '{column.strip()}' twice")
        changes[column.strip()] = value or None
    return changes


def _check_waivable(contract: Contract, row: Held) -> None:
    entity = contract.entity(row.entity)
    stuck = [rule for rule in row.rules if not waivable(entity, rule)]
    if stuck:
        raise DataError(
            f"row {row.source_row}: {', '.join(stuck)} cannot be waived: a value would have to be invented",
            file=row.source_file,
            line=row.source_row,
            hint="give the value with --set COLUMN=VALUE, or correct it at the source",
        )


def _waived(contract: Contract, row: Held, *, keep_first: bool) -> tuple[str, ...]:
    entity = contract.entity(row.entity)
    waived = sorted(rule for rule in row.rules if waivable(entity, rule))
    return tuple(MERGED if keep_first and rule == KEY_CONFLICT else rule for rule in waived)


def _check_changes(batch: Batch, changes: Mapping[str, str | None]) -> None:
    for column in changes:
        if column not in batch.columns:
            raise ConfigurationError(
                f"{batch.source_file} has no column '{column}'", hint=nearest(column, batch.columns)
            )
    if not changes:
        return
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        path = literal(str(batch.landed_path))
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({path}, hive_partitioning = false)")
        types = {str(row[0]): str(row[1]) for row in described.fetchall()}
        for column, value in changes.items():
            fits = connection.execute(f"SELECT ? IS NULL OR TRY_CAST(? AS {types[column]}) IS NOT NULL", [value, value])
            if not fits.fetchall()[0][0]:
                raise ConfigurationError(
                    f"the column '{column}' of {batch.source_file} holds {types[column]}, which the value given is not"
                )
