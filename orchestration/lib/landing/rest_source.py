"""An object of a REST API, as a source of rows that can be read piece by piece.

The records of all pages become JSON lines on this machine and are read as such a file is, so that numbers land as they
were written. A reading is whole or nothing: pages that changed while they were read are read again from the first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlencode

from orchestration.lib.errors import DataError, TriloopError
from orchestration.lib.landing.jsonl_reader import read_jsonl
from orchestration.lib.landing.model import ROW
from orchestration.lib.landing.needed import require_needed
from orchestration.lib.landing.rest_client import Client
from orchestration.lib.landing.rest_cursor import since_parameter
from orchestration.lib.landing.rest_json import as_line
from orchestration.lib.landing.rest_pages import ChangedError, Page, read_pages
from orchestration.lib.landing.scratch import Scratch, quoted
from orchestration.lib.mapping.spec_base import as_text

if TYPE_CHECKING:
    from orchestration.lib.landing.limits import Limits
    from orchestration.lib.landing.model import Progress
    from orchestration.lib.mapping.model import SourceMapping, SourceObject
    from orchestration.lib.mapping.request_spec import RequestSpec, ResourceSpec

_Reading = Callable[[int], tuple[str, ...]]
READINGS = 3  # of pages that change meanwhile
_BETWEEN_SECONDS = 2.0
_SPARSE = ". An API may leave out what is empty: of a column that is not always there say {from: ..., optional: true}"


def rest_name(mapping: SourceMapping, request: RequestSpec) -> str:
    """What a person finds the rows under: the address as the mapping writes it, so that no variable is filled in.

    Paging, the moment of a cursor and keys are no part of it.
    """
    place = f"{(mapping.connection.url or '').rstrip('/')}/{request.path.lstrip('/')}"
    plain = {name: as_text(value) for name, value in request.parameters.items() if not isinstance(value, dict | list)}
    return f"{place}?{urlencode(plain, safe='${}:,/')}" if plain and request.method == "GET" else place


class RestSource:
    """See :class:`orchestration.lib.landing.changes.Server`.

    Args:
        limits: what may come, and how long all that is asked for may take.
        tell: hears of waits and of readings that are begun again.
    """

    one_state = False
    sparse = True

    def __init__(self, mapping: SourceMapping, obj: SourceObject, limits: Limits, *, tell: Progress) -> None:
        if obj.request is None:
            raise ValueError(f"{obj.name} has no request")
        self._mapping, self._obj, self._request, self._tell = mapping, obj, obj.request, tell
        self._limits, self._until = limits, time.monotonic() + limits.max_reading_minutes * 60
        self._place = f"{mapping.source}.{obj.name}"
        self.name = rest_name(mapping, obj.request)

    def read(self, scratch: Scratch, *, table: str, since: str | None = None) -> tuple[str, ...]:
        """Load the records into ``table``: ``_row`` (their place among all that came) and a VARCHAR per key.

        Of an object whose cursor compares keys, the list of all keys comes into ``<table>_keys``, asked for after the
        records: a record that appears meanwhile is in the list alone, and brought by the next reading.

        Raises:
            ConfigurationError: the connection is not set up, or the login is refused.
            AwayError: the API does not answer.
            DataError: it answers what cannot be taken; nothing of it is.
        """
        cursor = self._obj.cursor
        changes = {cursor.parameter: since} if cursor is not None and cursor.parameter and since is not None else {}
        with closing(self._client()) as client:
            columns = self._load(scratch, client, self._request, table, changes)
            if cursor is not None and cursor.compare_keys:
                self._load_keys(scratch, client, f"{table}_keys")
        return columns

    def read_keys(self, scratch: Scratch, *, table: str) -> None:
        """Load the list of all keys into ``table``, by whatever pages it comes in."""
        with closing(self._client()) as client:
            self._load_keys(scratch, client, table)

    def since(self, scratch: Scratch) -> str | None:
        """What the cursor's parameter says."""
        cursor = self._obj.cursor
        return None if cursor is None else since_parameter(scratch, self._mapping, self._obj, cursor)

    def _client(self) -> Client:
        return Client(self._mapping, self._limits, until=self._until, tell=self._tell)

    def _load(
        self, scratch: Scratch, client: Client, resource: ResourceSpec, table: str, changes: dict[str, str]
    ) -> tuple[str, ...]:
        def whole(attempt: int) -> tuple[str, ...]:
            loaded = f"{table}_{attempt}"
            path = scratch.folder / f"{loaded}.jsonl"
            pages = _written(path, client, resource, changes, self._place)
            columns = self._read_lines(scratch, path, pages, loaded)
            path.unlink()
            self._refuse_repeated_keys(scratch, pages, loaded)
            scratch.connection.execute(f"create temp view {table} as select * from {loaded}")
            return columns

        return self._patiently(whole)

    def _load_keys(self, scratch: Scratch, client: Client, table: str) -> None:
        def whole(attempt: int) -> tuple[str, ...]:
            loaded = f"{table}_{attempt}"
            path = scratch.folder / f"{loaded}.jsonl"
            single = self._obj.key[0] if len(self._obj.key) == 1 else None
            resource = self._request.key_list()
            pages = _written(path, client, resource, {}, f"the keys of {self._place}", single=single)
            there: tuple[str, ...] = ()
            if pages:
                there = read_jsonl(scratch, path, encoding="utf-8", shown=self.name, table=loaded)
            missing = sorted(set(self._obj.key) - set(there))
            if pages and missing:
                raise DataError(
                    f"the keys of {self._place} have no '{missing[0]}'",
                    file=self._mapping.file,
                    line=self._obj.line,
                    hint="'keys' of the request must give every column of 'key'",
                )
            picked = ", ".join(quoted(one) if pages else f"null::varchar as {quoted(one)}" for one in self._obj.key)
            place = f"from {loaded}" if pages else "where false"
            scratch.connection.execute(f"create temp view {table} as select {picked} {place}")
            return there

        self._patiently(whole)

    def _patiently(self, whole: _Reading) -> tuple[str, ...]:
        """What a reading gives that was not overtaken by changes.

        Raises:
            DataError: each was.
        """
        for attempt in range(1, READINGS + 1):
            try:
                return whole(attempt)
            except ChangedError as error:
                told = str(error)
            if attempt < READINGS:
                self._tell(f"{self._place}: {told}: its pages changed meanwhile; reading them again from the first")
                time.sleep(_BETWEEN_SECONDS)
        raise DataError(
            f"{self._place}: {told} ({READINGS} readings): nothing is landed",
            file=self._mapping.file,
            line=self._obj.line,
            hint="its pages change while they are read, or the API does not tell its total as 'total' expects; page by "
            "token or link if it can, or ask for an order that new records do not change",
        )

    def _read_lines(self, scratch: Scratch, path: Path, pages: list[int], table: str) -> tuple[str, ...]:
        if not pages:
            columns = tuple(sorted(self._obj.raw_columns_used()))
            nothing = ", ".join(f"null::varchar as {quoted(one)}" for one in columns) or "null::varchar as nothing"
            scratch.connection.execute(f"create temp table {table} as select 0::bigint as {ROW}, {nothing} where false")
            return columns or ("nothing",)
        try:
            columns = read_jsonl(scratch, path, encoding="utf-8", shown=self.name, table=table)
        except TriloopError as error:
            raise DataError(f"{self._place}: {error.message}", hint="it must be corrected at the source") from None
        known = tuple(self._obj.renamed.get(name, name) for name in columns)
        require_needed(self._mapping, self._obj, known, self.name, also=_SPARSE)
        return columns

    def _refuse_repeated_keys(self, scratch: Scratch, pages: list[int], table: str) -> None:
        """A record that is on two pages moved while they were read, and another may have slipped through."""
        key = self._obj.key
        if len(pages) < 2 or not set(key) or not set(key) <= set(scratch.columns(table)):
            return
        scratch.connection.execute(f"create temp table {table}_pages as select unnest(?::bigint[]) as first", [pages])
        keys = ", ".join(quoted(one) for one in key)
        found = scratch.connection.execute(
            f"select count(*) from (select {keys} from {table} asof join {table}_pages on {ROW} >= first "
            f"group by {keys} having count(distinct first) > 1)"
        ).fetchone()
        if found and found[0]:
            raise ChangedError(f"{found[0]:,} records came on two pages")


def _written(
    path: Path,
    client: Client,
    resource: ResourceSpec,
    changes: dict[str, str],
    what: str,
    *,
    single: str | None = None,
) -> list[int]:
    """Write the records of all pages as JSON lines; the first row of each page that has any.

    Args:
        single: a list of plain values is one of this column.
    """
    firsts: list[int] = []
    row = 1
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        for page in read_pages(client, resource, changes=changes, what=what):
            count = _write_page(page, out, single)
            if count:
                firsts.append(row)
                row += count
    return firsts


def _write_page(page: Page, out: TextIO, single: str | None) -> int:
    if single is not None and page.records and not isinstance(page.records[0], dict):
        texts = [page.answer.scalar(one) for one in page.records]
        lines = [as_line({single: text}) for text in texts if text is not None]
        if len(lines) != len(texts):
            raise DataError(f"{page.what}: a key is neither a text nor a number", hint="correct 'records' under keys")
    else:
        lines = page.answer.lines(page.records, what=page.what)
    out.writelines(f"{line}\n" for line in lines)
    return len(lines)
