"""The commented ``triloop.yml`` that ``triloop init`` writes, and the reference page made from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.yaml_source import KeyPath, parse_yaml

# text that YAML reads as itself, so needs no quotes: words, zone names and days
_PLAIN = re.compile(r"(?!(?i:true|false|null)$)[A-Za-z][A-Za-z_/]*|[0-9]{4}-[0-9]{2}-[0-9]{2}")
TEMPLATE_FILE = Path(__file__).with_name("settings_template.yml")


def settings_text(overrides: Mapping[str, Any] | None = None) -> str:
    """The template with some values replaced and every comment kept.

    Args:
        overrides: nested like the settings, such as ``{"company": {"currency": "BRL"}}``.

    Raises:
        ConfigurationError: an override names a key that is not on a line of its own in the template.
    """
    text = TEMPLATE_FILE.read_text(encoding="utf-8")
    template = parse_yaml(text, TEMPLATE_FILE)
    lines = text.splitlines()
    for path, value in _leaves(overrides or {}, template.data):
        if path not in template.lines:
            raise ConfigurationError(f"the settings have no key '{'.'.join(map(str, path))}'")
        number = template.lines[path] - 1
        indent, key = re.match(rf"( *)({re.escape(str(path[-1]))}):", lines[number]).groups()  # type: ignore[union-attr]
        lines[number] = f"{indent}{key}: {_flow(value)}"
    return "\n".join(lines) + "\n"


def _leaves(overrides: Mapping[str, Any], template: Any, base: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    for key, value in overrides.items():
        path = (*base, key)
        below = template.get(key) if isinstance(template, dict) else None
        # a group of the settings is entered; a map that is itself a value is replaced whole
        if isinstance(value, Mapping) and len(path) == 1 and isinstance(below, dict):
            yield from _leaves(value, below, path)
        else:
            yield path, value


def _flow(value: Any) -> str:
    if isinstance(value, (date, Decimal)) or (isinstance(value, str) and _PLAIN.fullmatch(value)):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def render_page() -> str:
    """The reference page of the settings: the template as it is, since it documents every value where it stands."""
    return "\n".join(
        [
            "# Settings (设置)",
            "",
            "<!-- Generated from orchestration/lib/settings_template.yml by `make docs`; do not edit. -->",
            "",
            "`triloop init` writes this file as `triloop.yml`. The values shown are the defaults.",
            "`triloop doctor` says whether yours is valid.",
            "",
            "`triloop init` 会写出此文件 `triloop.yml`，所列均为默认值；用 `triloop doctor` 检查是否有效。",
            "",
            "```yaml",
            TEMPLATE_FILE.read_text(encoding="utf-8").rstrip("\n"),
            "```",
            "",
        ]
    )
