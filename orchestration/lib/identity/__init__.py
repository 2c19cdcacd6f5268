"""Who is who: customers of one legal entity, companies and distributors that are customers, leads of one person."""

from orchestration.lib.identity.build import IdentityResult, build_identity
from orchestration.lib.identity.tables import SCHEMA, TABLES

__all__ = ["SCHEMA", "TABLES", "IdentityResult", "build_identity"]
