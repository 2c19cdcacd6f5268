"""Reading a user's YAML so that every complaint about it can name file, line, key and the nearest valid name.

The dialect is small on purpose. Tags, duplicate keys, merge keys and documents that grow when their aliases are
expanded are refused; keys are always text; numbers with a point become :class:`~decimal.Decimal` and whole numbers
with a leading zero stay text, so that neither money nor a code such as ``0101`` changes on the way in.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.yaml_validation import FieldError, InvalidDocumentError, Problem, validate

__all__ = [
    "FieldError",
    "InvalidDocumentError",
    "KeyPath",
    "Problem",
    "YamlDocument",
    "load_yaml",
    "parse_yaml",
    "validate",
]

KeyPath = tuple[str | int, ...]

MAX_BYTES = 4_000_000
MAX_VALUES = 200_000  # after aliases are expanded: a bomb of nine levels would have a billion
MAX_DEPTH = 50

# libyaml reads the contract in a tenth of the time; nodes and marks are the same without it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_SCALARS = ("null", "bool", "int", "float", "timestamp", "str", "merge", "value")
_PLAIN_TAGS = {_TAG + name for name in (*_SCALARS, "map", "seq")}
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]{1,3})?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class YamlDocument:
    """A parsed file: its data and, for each key path, the line it stands on (counted from 1)."""

    file: Path
    data: dict[str, Any]
    lines: dict[KeyPath, int] = field(repr=False)

    def line_of(self, path: KeyPath) -> int:
        """The line of ``path``, or of its nearest ancestor when it is not in the file."""
        for length in range(len(path), 0, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return line
        return 1

    def error(self, problems: list[Problem]) -> InvalidDocumentError:
        """One error that lists ``problems`` in the order of the file, each with its line."""
        return InvalidDocumentError(self, problems)


def load_yaml(path: str | Path) -> YamlDocument:
    """Read a YAML file whose top level is a mapping; an empty file is an empty mapping.

    Raises:
        ConfigurationError: the file is missing, is not UTF-8, is not YAML, or uses what this dialect refuses.
    """
    file = Path(path)
    try:
        with file.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"cannot read {file.name}: {error.strerror or error}",
            file=file,
            hint="check that the file exists and is readable",
        ) from error
    if len(raw) > MAX_BYTES:
        raise ConfigurationError(
            f"{file.name} has more than {MAX_BYTES:,} bytes, which is surely not a configuration",
            file=file,
            hint="check that this is the right file",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{file.name} is not UTF-8 text",
            file=file,
            line=raw.count(b"\n", 0, error.start) + 1,
            hint="save it as UTF-8 (in Notepad or WPS: Save as, encoding UTF-8)",
        ) from error
    return parse_yaml(text, file)


def parse_yaml(text: str, file: Path) -> YamlDocument:
    """Parse ``text``; ``file`` is only used to say where it came from."""
    try:
        node = _compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigurationError(
            f"{file.name} is not valid YAML: {(error.problem or error.context or 'cannot be read').splitlines()[0]}",
            file=file,
            line=mark.line + 1 if mark is not None else None,
            hint=_syntax_hint(str(error.problem)),
        ) from error
    except YAMLError as error:
        raise ConfigurationError(
            f"{file.name} is not valid YAML: {' '.join(str(error).split())}",
            file=file,
            hint="remove control characters; save the file as plain UTF-8 text",
        ) from error
    except (RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigurationError(f"{file.name} is not valid YAML: {reason}", file=file) from error
    reader = _Reader(file)
    if node is None or (isinstance(node, ScalarNode) and not node.style and node.value in _NULL):
        return YamlDocument(file, {}, {})
    if not isinstance(node, MappingNode):
        raise ConfigurationError(
            f"the top level of {file.name} must be 'key: value' lines",
            file=file,
            line=node.start_mark.line + 1,
            hint="write lines such as 'key: value', not a list and not free text",
        )
    data = reader.mapping(node, ())
    return YamlDocument(file, data, reader.lines)


def _compose(text: str) -> Any:
    """The node tree; what libyaml refuses is read again in pure Python, whose messages are the better ones."""
    try:
        return yaml.compose(text, Loader=_LOADER)
    except YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _syntax_hint(problem: str) -> str:
    if "\\t" in problem:
        return "indent with spaces, not with tabs"
    if "single document" in problem or "another document" in problem:
        return "keep one document per file: remove the '---' line"
    if "undefined alias" in problem or "alphabetic or numeric character" in problem:
        return "put values that start with '*' in quotes"
    return "check the indentation, the quotes and the colon on this line and the one before"


class _Reader:
    """Turns composed nodes into plain data and notes the line of each key path."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.values = 0

    def fail(self, message: str, node: Node, hint: str) -> ConfigurationError:
        return ConfigurationError(message, file=self.file, line=node.start_mark.line + 1, hint=hint)

    def value(self, node: Node, path: KeyPath) -> Any:
        self.values += 1
        if self.values > MAX_VALUES:
            raise self.fail(
                f"the file grows beyond {MAX_VALUES:,} values when its aliases are expanded",
                node,
                "remove the aliases (*name)",
            )
        if len(path) > MAX_DEPTH:
            raise self.fail(
                f"the file is nested more than {MAX_DEPTH} levels deep", node, "an alias may not contain its own anchor"
            )
        tag = str(node.tag)
        if tag not in _PLAIN_TAGS:
            raise self.fail(
                f"the tag '{tag.replace(_TAG, '!!')}' is not allowed", node, "remove the tag; write the plain value"
            )
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                here = (*path, index)
                self.lines[here] = item.start_mark.line + 1
                items.append(self.value(item, here))
            return items
        return self.scalar(cast(ScalarNode, node))

    def mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode) or not isinstance(key_node.value, Hashable):
                raise self.fail("a key must be plain text", key_node, "write 'key: value'; put {braces} in quotes")
            key = str(key_node.value)
            if str(key_node.tag) == _TAG + "merge":
                raise self.fail("merge keys (<<) are not supported", key_node, "write the keys out")
            if str(key_node.tag) not in _PLAIN_TAGS:
                raise self.fail("a key may not carry a tag", key_node, "remove the tag")
            if not key_node.style and key == "":
                raise self.fail("there is a value without a key", key_node, "write 'key: value'")
            here = (*path, key)
            if key in found:
                raise self.fail(
                    f"the key '{key}' occurs twice (first on line {self.lines[here]})", key_node, "keep one of the two"
                )
            self.lines[here] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, here)
        return found

    def scalar(self, node: ScalarNode) -> Any:
        text = str(node.value)
        if node.style or str(node.tag) == _TAG + "str":
            return text
        if text in _NULL or text in _BOOL:
            return _BOOL.get(text)
        return self.number_or_day(text, node)

    def number_or_day(self, text: str, node: Node) -> Any:
        if _INT.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        if _NOT_A_NUMBER.fullmatch(text):
            raise self.fail(f"'{text}' is not a number that can be used here", node, "write a finite number")
        if _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError as error:
                raise self.fail(f"'{text}' is not a day of the calendar", node, "write YYYY-MM-DD") from error
        return text
