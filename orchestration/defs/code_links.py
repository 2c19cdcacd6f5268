"""Links from an asset to what defines it: mapping line, SQL model, suite, op.

The UI opens them in the reader's editor. Say in the environment where the code is hosted (docs/how-to/operate.md), and
the links to this project's files lead there instead. Mappings are the workspace's own and stay local.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.workspace import PROJECT_ROOT

URL_VARIABLE = "TRILOOP_CODE_URL"
BRANCH_VARIABLE = "TRILOOP_CODE_BRANCH"
PLATFORM_VARIABLE = "TRILOOP_CODE_PLATFORM"
METADATA_KEY = "dagster/code_references"


def local_link(path: Path, label: str, line: int | None = None) -> dg.LocalFileCodeReference:
    """A link to a file as it lies on this machine."""
    return dg.LocalFileCodeReference(file_path=str(path), line_number=line, label=label)


def with_links(spec: dg.AssetSpec, links: Sequence[dg.LocalFileCodeReference | dg.UrlCodeReference]) -> dg.AssetSpec:
    """The spec with these links before those it has: the first is the one that the UI opens at a click."""
    present = spec.metadata.get(METADATA_KEY)
    before = list(present.code_references) if isinstance(present, dg.CodeReferencesMetadataValue) else []
    metadata: dict[str, Any] = {
        **spec.metadata,
        METADATA_KEY: dg.CodeReferencesMetadataValue(code_references=[*links, *before]),
    }
    return spec.replace_attributes(metadata=metadata)


def linked(
    assets: Sequence[dg.AssetsDefinition],
    workspace_links: Mapping[dg.AssetKey, Sequence[dg.LocalFileCodeReference]] | None = None,
) -> list[dg.AssetsDefinition]:
    """The assets with a link to the op that makes them, all links into this project leading to where it is hosted.

    Args:
        assets: those of one module; links that their specs already have come first.
        workspace_links: by asset key, links into the workspace, which is not where the code is hosted.

    Raises:
        ConfigurationError: the variables that say where the code is hosted make no address.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # what the releases note say may change is fixed by our lock
        result: Sequence[Any] = dg.with_source_code_references(assets)
        url = os.environ.get(URL_VARIABLE)
        if url:
            try:
                result = dg.link_code_references_to_git(
                    result,
                    git_url=url.rstrip("/").removesuffix(".git"),
                    git_branch=os.environ.get(BRANCH_VARIABLE) or "main",
                    file_path_mapping=dg.AnchorBasedFilePathMapping(PROJECT_ROOT / "pyproject.toml", "pyproject.toml"),
                    platform=os.environ.get(PLATFORM_VARIABLE) or None,  # type: ignore[arg-type]  # checked by Dagster
                )
            except ValueError as wrong:
                raise ConfigurationError(
                    f"{URL_VARIABLE}={url}: {wrong}",
                    hint=f"write the address of a GitHub or GitLab project; where its name does not say which, set "
                    f"{PLATFORM_VARIABLE} to github or gitlab",
                ) from wrong
    links = workspace_links or {}
    return [
        asset.map_asset_specs(lambda spec: with_links(_labelled(spec), links.get(spec.key, ()))) for asset in result
    ]


def _labelled(spec: dg.AssetSpec) -> dg.AssetSpec:
    """The spec with the link to its op named by what it is; Dagster would show the name of the file."""
    value = spec.metadata[METADATA_KEY]
    named = [link if link.label else link.model_copy(update={"label": "step"}) for link in value.code_references]
    return spec.replace_attributes(
        metadata={**spec.metadata, METADATA_KEY: dg.CodeReferencesMetadataValue(code_references=named)}
    )
