"""The example on real data: Olist's marketing funnel and order items, taken in by a mapping alone."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile
from typing import Any

from orchestration.lib.errors import ConfigurationError

__all__ = ["MAPPINGS", "REQUIRED_FILES", "VARIABLE", "write_example"]

MAPPINGS = Path(__file__).parent / "mappings"
VARIABLE = "TRILOOP_OLIST_DATA"
"""The environment variable (kept in the workspace's ``.env``) that the mapping reads the folder from."""

REQUIRED_FILES = (
    "olist_marketing_qualified_leads_dataset.csv.gz",
    "olist_closed_deals_dataset.csv.gz",
    "full/order_items.parquet",
    "full/products.parquet",
    "full/sellers.parquet",
)
SETTINGS: dict[str, Any] = {
    "company": {"name": "Olist", "currency": "BRL", "timezone": "America/Sao_Paulo"},
    # one acquisition, many orders: the touch that brought the seller keeps its credit for all that the seller sells
    # lookback: the data spans less than three years, and the shipping limit that stands for the order date runs to 2020
    "attribution": {"lookback_days": 1500, "reset_at_order": False},
}


def write_example(workspace_root: Path, data_path: Path) -> dict[str, Any]:
    """Put the mapping into a workspace and tell it where the data is; returns the settings that belong to it.

    Raises:
        ConfigurationError: a file that the mapping reads is not in ``data_path``.
    """
    data = data_path.expanduser().resolve()
    missing = [name for name in REQUIRED_FILES if not (data / name).is_file()]
    if missing:
        raise ConfigurationError(
            f"{data} does not hold Olist's data: {missing[0]} is missing"
            + (f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""),
            hint="--data names the folder that holds the two CSV files of the funnel and full/order_items.parquet; "
            "docs/tutorial/olist.md says where to get them",
        )
    target = workspace_root / "mappings"
    target.mkdir(parents=True, exist_ok=True)
    for mapping in sorted(MAPPINGS.glob("*.yml")):
        copyfile(mapping, target / mapping.name)
    environment = workspace_root / ".env"
    lines = environment.read_text(encoding="utf-8").splitlines() if environment.is_file() else []
    kept = [line for line in lines if not line.startswith(f"{VARIABLE}=")]
    environment.write_text("\n".join([*kept, f"{VARIABLE}={data}"]) + "\n", encoding="utf-8")
    environment.chmod(0o600)
    return SETTINGS
