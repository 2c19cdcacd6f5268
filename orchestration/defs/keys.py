"""Asset keys that more than one module names; definitions refer to each other by key, never by importing the object."""

import dagster as dg


def source_key(source: str) -> dg.AssetKey:
    """A source system as a whole, where it stands: outside."""
    return dg.AssetKey(["sources", source])


def object_key(source: str, object_name: str) -> dg.AssetKey:
    """What was received of one object of a source."""
    return dg.AssetKey([source, object_name])


def gate_key(gate: str) -> dg.AssetKey:
    """A gate; the last part says so, because it is all that the graph shows."""
    return dg.AssetKey(["gate", f"gate_{gate}"])
