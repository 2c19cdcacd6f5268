"""Values that a release puts into a row: sealed in the vault where the column is personal, as landing does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestration.lib.errors import DataError
from orchestration.lib.landing.model import Batch
from orchestration.lib.landing.releases import Release, Releases
from orchestration.lib.vault.tokens import TOKEN
from orchestration.lib.workspace import Workspace


def as_landed(workspace: Workspace, batch: Batch, changes: Mapping[str, str | None]) -> dict[str, str | None]:
    """The changes as they would have landed: values of personal columns as tokens, and in the vault.

    Raises:
        ConfigurationError: the vault's key is missing or another one.
        DataError: a value belongs to a person who was forgotten.
    """
    personal = {column: value for column, value in changes.items() if column in batch.privacy and value is not None}
    if not personal:
        return dict(changes)
    from orchestration.lib.vault.keys import VaultKeys
    from orchestration.lib.vault.store import open_vault
    from orchestration.lib.vault.tokens import token_of

    keys = VaultKeys.from_environment()
    tokens: dict[str, str | None] = {}
    with open_vault(workspace, keys) as vault:
        for column, value in personal.items():
            kind = batch.privacy[column]
            token = value if TOKEN.fullmatch(value) else token_of(keys, kind, value)
            tokens[column] = token
            if token is None or token == value:
                continue
            if vault.add([(token, value)], content=batch.sha256).forgotten:
                raise DataError(
                    f"the value for '{column}' belongs to a person who was forgotten",
                    hint="set another value, or an empty one",
                )
    return {**changes, **tokens}


def fit_to_plans(
    workspace: Workspace, releases: Sequence[Release], batches: Mapping[tuple[str, str], Sequence[Batch]]
) -> list[Release]:
    """The releases with their values as the present landing of each content has them.

    A column may have become personal since, or be so no longer; the ledger is brought up to date with it, so that no
    value stays there in clear.
    """
    by_content = {(*key, batch.sha256): batch for key, several in batches.items() for batch in several}
    fitted, rewritten = [], {}
    for one in releases:
        batch = by_content.get((one.source_system, one.source_object, one.sha256))
        if batch is None:
            fitted.append(one)
            continue
        if any(_is_astray(batch, column, value) for column, value in one.changes.items()):
            clear = _revealed(workspace, batch, one.changes)
            one = replace(one, changes=as_landed(workspace, batch, clear))  # noqa: PLW2901 - the same release, fitted
            rewritten[one.release_id] = one.changes
        fitted.append(one)
    if rewritten:
        Releases(workspace).rewrite(rewritten)
    return fitted


def _is_astray(batch: Batch, column: str, value: str | None) -> bool:
    """Whether a value is in clear where a token belongs, a token where none does, or one of another kind."""
    token = TOKEN.fullmatch(value or "")
    return value is not None and (token.group(1) if token else None) != batch.privacy.get(column)


def _revealed(workspace: Workspace, batch: Batch, changes: Mapping[str, str | None]) -> dict[str, str | None]:
    """The changes with the tokens that are astray opened; the value of a person forgotten is none."""
    from orchestration.lib.vault.keys import VaultKeys
    from orchestration.lib.vault.store import open_vault

    astray = [
        value
        for column, value in changes.items()
        if value and TOKEN.fullmatch(value) and _is_astray(batch, column, value)
    ]
    if not astray:
        return dict(changes)
    with open_vault(workspace, VaultKeys.from_environment()) as vault:
        known = vault.reveal(astray)
    return {column: known.get(value) if value in astray else value for column, value in changes.items()}
