"""From pydantic's complaints about a document to one error with line, key and the nearest valid name for each."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestration.lib.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from orchestration.lib.yaml_source import KeyPath, YamlDocument

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a document: where, what, and how to mend it."""

    path: KeyPath
    message: str
    hint: str | None = None


class FieldError(ValueError):
    """What a validator of a model raises: what is wrong with the value, and how to mend it.

    Args:
        path: where inside the validated value, such as ``("sales", 2)``.
    """

    def __init__(self, message: str, hint: str | None = None, *, path: KeyPath = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.path = path


class InvalidDocumentError(ConfigurationError):
    """Everything that is wrong in one YAML document; ``problems`` has them one by one."""

    def __init__(self, document: YamlDocument, problems: list[Problem]) -> None:
        if not problems:
            raise ValueError("an InvalidDocumentError needs at least one problem")
        self.problems = sorted(problems, key=lambda one: document.line_of(one.path))
        first = self.problems[0]
        if len(self.problems) == 1:
            super().__init__(first.message, hint=first.hint, file=document.file, line=document.line_of(first.path))
            return
        lines = [f"{len(self.problems)} problems in {document.file.name}"]
        for problem in self.problems:
            lines.append(f"- {problem.message}")
            lines.append(f"    at   {document.file}:{document.line_of(problem.path)}")
            if problem.hint:
                lines.append(f"    fix  {problem.hint}")
        super().__init__("\n".join(lines))
        self.file, self.line = str(document.file), document.line_of(first.path)


def validate(model_cls: type[Model], document: YamlDocument, path: KeyPath = ()) -> Model:
    """Build ``model_cls`` from the document, or from the part of it at ``path``.

    Raises:
        InvalidDocumentError: lists every problem with its line, key and nearest valid name.
    """
    data: Any = document.data
    for key in path:
        data = data[key]
    try:
        return model_cls.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems = [(detail["type"], _problem(model_cls, data, path, detail)) for detail in details]
        raise document.error(_without_other_members(problems)) from None


def _without_other_members(problems: list[tuple[str, Problem]]) -> list[Problem]:
    """Leave out "must be text, not a group of keys" where a union's other member got further into the group."""
    paths = {problem.path for _, problem in problems}
    kept = [
        problem
        for kind, problem in problems
        if not (
            kind.endswith("_type")
            and any(len(path) > len(problem.path) and path[: len(problem.path)] == problem.path for path in paths)
        )
    ]
    return list(dict.fromkeys(kept))


def dotted(path: KeyPath) -> str:
    """``gates.thresholds`` or ``attribution.models[2]``: a path as a person writes it."""
    text = ""
    for key in path:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


def _problem(model_cls: type[BaseModel], data: Any, base: KeyPath, detail: ErrorDetails) -> Problem:
    kind = detail["type"]
    path = _data_path(data, detail["loc"], keep_last=kind == "missing")
    where = dotted(base + path) or "the file"
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        parent = _known_keys(model_cls, detail["loc"][:-1])
        inside = dotted(base + path[:-1])
        message = f"unknown key '{path[-1]}'" + (f" in {inside}" if inside else "")
        return Problem(base + path, message, nearest(str(path[-1]), parent))
    if kind == "missing":
        return _missing(base + path)
    if kind in {"value_error", "assertion_error"}:
        cause = context.get("error")
        if isinstance(cause, FieldError):
            return Problem(base + path + cause.path, f"{dotted(base + path + cause.path)}: {cause}", cause.hint)
        return Problem(base + path, f"{where}: {cause}", getattr(cause, "hint", None))
    if kind in {"literal_error", "enum"}:
        allowed = [part.strip().strip("'") for part in str(context["expected"]).replace(" or ", ",").split(",")]
        given = _shown(detail["input"])
        message = f"{where}: {given} is not one of the allowed values"
        return Problem(base + path, message, _allowed_hint(given.strip("'"), allowed))
    message = _TYPE_WORDS.get(kind) or detail["msg"].replace("Input should be", "must be")
    message = message[0].lower() + message[1:]
    return Problem(base + path, f"{where}: {message}, not {_shown(detail['input'])}", _TYPE_HINTS.get(kind))


def _missing(path: KeyPath) -> Problem:
    inside = dotted(path[:-1]) or "the file"
    if isinstance(path[-1], int):
        return Problem(path, f"{inside} has too few values: number {path[-1] + 1} is missing")
    return Problem(path, f"{inside} needs the key '{path[-1]}'", f"add '{path[-1]}: ...'")


_TYPE_WORDS = {
    "dict_type": "must be a group of keys",
    "model_type": "must be a group of keys",
    "model_attributes_type": "must be a group of keys",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
}


_TYPE_HINTS = {
    "date_from_datetime_parsing": "write a day as YYYY-MM-DD",
    "date_type": "write a day as YYYY-MM-DD",
    "string_type": "put the value in quotes if it is meant as text",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "list_type": "write a list: [a, b]",
    "tuple_type": "write a list: [a, b]",
    "dict_type": "write 'key: value' lines below it, indented",
    "model_type": "write 'key: value' lines below it, indented",
    "model_attributes_type": "write 'key: value' lines below it, indented",
    "decimal_parsing": "write a plain number such as 0.05",
    "decimal_type": "write a plain number such as 0.05",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
}


def _allowed_hint(given: str, allowed: list[str]) -> str:
    hint = nearest(given, allowed)
    if hint.startswith("known"):
        return hint.replace("known names", "allowed")
    return f"{hint} (allowed: {', '.join(allowed)})"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a group of keys"
    if isinstance(value, list):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text if len(text) <= 60 else text[:57] + '...'}'"


def _data_path(data: Any, loc: tuple[int | str, ...], *, keep_last: bool) -> KeyPath:
    """``loc`` without the steps that are pydantic's own (the member of a union, a validator's name)."""
    path: list[str | int] = []
    for position, step in enumerate(loc):
        last = position == len(loc) - 1
        inside = (isinstance(data, dict) and step in data) or (
            isinstance(data, list) and isinstance(step, int) and step < len(data)
        )
        if inside:
            path.append(step)
            data = data[step]
        elif last and keep_last:
            path.append(step)
    return tuple(path)


def _known_keys(annotation: Any, loc: tuple[int | str, ...]) -> set[str]:
    """The keys that a mapping at ``loc`` of ``annotation`` may have."""
    candidates = _members(annotation)
    for step in loc:
        following: list[Any] = []
        for candidate in candidates:
            following.extend(_step(candidate, step))
        # a step that leads nowhere is pydantic's name for a union's member: prefer the member of that name
        named = [one for one in candidates if getattr(one, "__name__", None) == step]
        candidates = following or named or candidates
    keys: set[str] = set()
    for candidate in candidates:
        if _is_model(candidate):
            keys.update(field.alias or name for name, field in candidate.model_fields.items())
    return keys


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _members(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if origin in {typing.Union, types.UnionType}:
        return [inner for member in typing.get_args(annotation) for inner in _members(member)]
    return [annotation]


def _step(annotation: Any, step: int | str) -> list[Any]:
    if _is_model(annotation):
        for name, field in annotation.model_fields.items():
            if step in {name, field.alias}:
                return _members(field.annotation)
        return []
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None or not arguments:
        return []
    if isinstance(step, int) or len(arguments) == 1:
        return _members(arguments[0])
    return _members(arguments[-1])
