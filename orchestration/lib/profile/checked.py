"""What the mapping's own check says about a proposal; what it refuses becomes a remark, so that the file loads."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from orchestration.lib.errors import TriloopError
from orchestration.lib.mapping import load_mappings
from orchestration.lib.profile.proposal import FeedProposal, TableProposal
from orchestration.lib.profile.render import Head, render_mapping
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import Workspace
from orchestration.lib.yaml_validation import InvalidDocumentError


def check_text(source: str, text: str, settings: Settings) -> tuple[str, ...]:
    """The problems of a mapping file that does not exist yet; none when it would load."""
    with tempfile.TemporaryDirectory(prefix="triloop-check-") as folder:
        workspace = Workspace(Path(folder))
        workspace.mappings_dir.mkdir()
        (workspace.mappings_dir / f"{source}.yml").write_text(text, encoding="utf-8")
        try:
            load_mappings(workspace, settings)
        except InvalidDocumentError as error:
            return tuple(
                f"{problem.message}" + (f" → {problem.hint}" if problem.hint else "") for problem in error.problems
            )
        except TriloopError as error:
            return (error.message,)
    return ()


def with_problems(head: Head, proposals: Sequence[TableProposal], settings: Settings) -> tuple[TableProposal, ...]:
    """The proposals, each feed with what the check says when it alone stands in the file."""
    return tuple(
        replace(one, feeds=tuple(_checked(head, one, feed, settings) for feed in one.feeds)) for one in proposals
    )


def _checked(head: Head, proposal: TableProposal, feed: FeedProposal, settings: Settings) -> FeedProposal:
    text = render_mapping(head, [proposal], lang="en", only=feed)
    return replace(feed, problems=check_text(head.source, text, settings))
