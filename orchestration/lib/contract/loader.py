"""Reads the entity files into one contract."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import get_args

from orchestration.lib.contract.model import Contract, Entity, Loop
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.yaml_source import load_yaml, validate

ENTITIES_DIR = Path(__file__).parent / "entities"


@lru_cache(maxsize=1)
def load_contract() -> Contract:
    """The contract that ships with the program; read once per process."""
    return read_contract(ENTITIES_DIR)


def read_contract(folder: Path) -> Contract:
    """The contract in ``folder``, one file per entity, ordered by loop and then by name.

    Raises:
        ConfigurationError: a file is wrong, or the entities do not fit together.
    """
    entities: list[Entity] = []
    for file in sorted(folder.glob("*.yml")):
        document = load_yaml(file)
        entity = validate(Entity, document)
        if entity.name != file.stem:
            raise ConfigurationError(
                f"{file.name} describes the entity '{entity.name}'",
                file=file,
                line=document.line_of(("entity",)),
                hint=f"name the file {entity.name}.yml",
            )
        entities.append(entity)
    order = get_args(Loop)
    entities.sort(key=lambda one: (order.index(one.loop), one.name))
    try:
        return Contract(entities={entity.name: entity for entity in entities})
    except ValueError as error:
        raise ConfigurationError(f"the entities in {folder} do not fit together: {error}") from error
