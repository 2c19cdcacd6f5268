"""What customers are expected to bring: fitted once per run, before the metrics; see :mod:`.predict`."""

from orchestration.lib.lifetime.tables import SCHEMA, TABLES, build_lifetime

__all__ = ["SCHEMA", "TABLES", "build_lifetime"]
