"""One feed on its way into its entity: typed rows in a temporary table, and which of them do not go in.

Most rows of most files are unique, so each step first asks which keys occur more than once and looks closely (windows,
comparison of contents) at those rows alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from orchestration.lib.canonical.landed import FileGroup, Landed
from orchestration.lib.canonical.released import relaxed, stage_releases, without_rules
from orchestration.lib.contract import Entity
from orchestration.lib.errors import DataError
from orchestration.lib.landing.releases import Release
from orchestration.lib.mapping.compile import BAD, BATCH, DROP, ROW, CompiledFeed, compile_feed
from orchestration.lib.mapping.model import Feed
from orchestration.lib.mapping.sql import name

PLACE = f"{BATCH}, {ROW}"


class StagedFeed:
    """The typed rows of one feed (``table``) and the fates of those that are not simply loaded (``fates``)."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        number: int,
        landed: Landed,
        feed: Feed,
        entity: Entity,
        *,
        company_zone: str,
        releases: Sequence[Release] = (),
    ) -> None:
        self.connection = connection
        self.landed = landed
        self.feed = feed
        self.entity = entity
        self.table = f"temp.__feed_{number}"
        self.fates = f"temp.__fates_{number}"
        self.upsert = landed.obj.load == "upsert"
        landed.require_columns(feed)
        self.company_zone = company_zone
        self.releases = stage_releases(connection, number, landed, releases)
        self.parts: list[tuple[CompiledFeed, str, FileGroup]] = [
            part for group in landed.groups for part in self._parts_of(group)
        ]
        self.compiled: list[CompiledFeed] = [compiled for compiled, _relation, _group in self.parts]
        self.has_fates = False

    def _parts_of(self, group: FileGroup) -> Iterable[tuple[CompiledFeed, str, FileGroup]]:
        """What is compiled for the files of a group: once for all rows, and once per kind of waiver."""
        raw = self.landed.relation(group)
        if not self.releases.touches(group):
            yield self._compiled(group), raw, group
            return
        for variant, waived in enumerate(self.releases.variants):
            yield self._compiled(group, waived), self.releases.relation(raw, group, variant), group

    def _compiled(self, group: FileGroup, waived: Sequence[str] = ()) -> CompiledFeed:
        mapping, obj, feed = self.landed.mapping, self.landed.obj, relaxed(self.feed, waived)
        compiled = compile_feed(mapping, obj, feed, self.entity, raw_types=group.types, company_zone=self.company_zone)
        return without_rules(compiled, waived)

    # stages

    def stage(self) -> None:
        """Read the landed files once, and decide about versions, ``one_per`` and repeated ids."""
        parts = [compiled.rows(relation) for compiled, relation, _group in self.parts]
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {self._bare(self.table)} AS {' UNION ALL '.join(parts)}")
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {self._bare(self.fates)} "
            f"({BATCH} INTEGER, {ROW} BIGINT, fate VARCHAR, first_batch INTEGER, first_row BIGINT)"
        )
        self._check_complete()
        if self.upsert:
            self._supersede_versions()
        if self.feed.one_per:
            self._keep_one_per()
        self._resolve_repeated_keys()

    def yield_to(self, earlier: Iterable[StagedFeed]) -> None:
        """Merge rows whose id a feed that goes first already brings."""
        key = name(self.entity.key)
        taken = " UNION ALL ".join(f"SELECT {key} FROM ({feed.remaining(key)})" for feed in earlier)
        self._add_fates(
            f"SELECT {PLACE}, 'merged', NULL, NULL FROM ({self.remaining(f'{PLACE}, {key}')}) AS r "
            f"SEMI JOIN ({taken}) AS t USING ({key})"
        )

    def remaining(self, columns: str) -> str:
        """A query of the rows that are neither dropped, nor bad, nor otherwise decided about."""
        without = f" ANTI JOIN {self.fates} AS x USING ({PLACE})" if self.has_fates else ""
        return f"SELECT {columns} FROM {self.table} AS f{without} WHERE {DROP} IS NULL AND NOT {BAD}"

    def drop(self) -> None:
        """Give the space back."""
        self.connection.execute(f"DROP TABLE IF EXISTS {self.table}")
        self.connection.execute(f"DROP TABLE IF EXISTS {self.fates}")
        self.releases.drop(self.connection)

    # steps

    def _check_complete(self) -> None:
        """Each landed file still holds as many rows as it landed with."""
        rows = self.connection.execute(f"SELECT {BATCH}, count(*) FROM {self.table} GROUP BY ALL").fetchall()
        found = dict(rows)
        for number, batch in enumerate(self.landed.live):
            if found.get(number, 0) != batch.row_count:
                raise DataError(
                    f"the landed copy of {batch.source_file} holds {found.get(number, 0)} rows, "
                    f"but {batch.row_count} were landed",
                    file=batch.landed_path,
                    hint="restore .triloop/landing from a backup",
                )

    def _supersede_versions(self) -> None:
        """Of several versions of a source's record the latest stands.

        A version equal to the one before is the same version: ``unchanged`` (``merged`` within one file). This comes
        before drops and quarantine, so that a record whose latest version is dropped does not return in an older one.
        """
        keys = [f"__key_{index}" for index in range(len(self.landed.obj.key))]
        columns = ", ".join(keys)
        some = " OR ".join(f"{key} IS NOT NULL" for key in keys)
        same_key = " AND ".join(f"f.{key} IS NOT DISTINCT FROM k.{key}" for key in keys)
        repeated = f"SELECT {columns} FROM {self.table} WHERE {some} GROUP BY ALL HAVING count(*) > 1"
        window = f"PARTITION BY {columns} ORDER BY {PLACE}"
        self._add_fates(
            f"""
            WITH versions AS (
                SELECT {PLACE}, {columns}, {BAD} AS bad, {self._content()} AS content
                FROM {self.table} AS f SEMI JOIN ({repeated}) AS k ON {same_key}
            ), compared AS (
                SELECT *, lag({BATCH}) OVER w AS batch_before,
                    NOT bad AND NOT coalesce(lag(bad) OVER w, true)
                    AND content IS NOT DISTINCT FROM lag(content) OVER w AS is_same
                FROM versions WINDOW w AS ({window})
            ), placed AS (
                SELECT *, count(*) FILTER (NOT is_same) OVER (
                    {window} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS newer
                FROM compared
            )
            SELECT {PLACE}, CASE WHEN is_same AND batch_before <> {BATCH} THEN 'unchanged' ELSE 'merged' END, NULL, NULL
            FROM placed WHERE is_same OR newer > 0
            """
        )

    def _keep_one_per(self) -> None:
        """Keep the first row per raw key: of the newest file for ``upsert``, else of the oldest."""
        keys = ", ".join(f"__one_{index}" for index in range(len(self.feed.one_per)))
        order = f"{BATCH} DESC, {ROW}" if self.upsert else PLACE
        self._add_fates(
            f"SELECT {PLACE}, 'merged', NULL, NULL FROM ({self.remaining(f'{PLACE}, {keys}')}) "
            f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {order}) > 1"
        )

    def _resolve_repeated_keys(self) -> None:
        """One row per id of the entity.

        ``upsert``: the last one. Otherwise the first one; equal rows are ``unchanged`` (``merged`` within one file),
        different ones go to quarantine.
        """
        key = name(self.entity.key)
        repeated = f"SELECT {key} FROM ({self.remaining(key)}) GROUP BY ALL HAVING count(*) > 1"
        rows = self.remaining(f"{PLACE}, {key}, {self._content()} AS content")
        near = f"SELECT * FROM ({rows}) AS r SEMI JOIN ({repeated}) AS k USING ({key})"
        if self.upsert:
            self._add_fates(
                f"SELECT {PLACE}, 'merged', NULL, NULL FROM ({near}) "
                f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {BATCH} DESC, {ROW} DESC) > 1"
            )
            return
        if self.releases.settles_conflicts:
            self._add_fates(self._settled_conflicts(near, key))
            return
        self._add_fates(
            f"""
            WITH compared AS (
                SELECT *, row_number() OVER w AS place, first_value({BATCH}) OVER w AS first_batch,
                    first_value({ROW}) OVER w AS first_row,
                    content IS NOT DISTINCT FROM first_value(content) OVER w AS is_same
                FROM ({near}) WINDOW w AS (PARTITION BY {key} ORDER BY {PLACE})
            )
            SELECT {PLACE}, CASE WHEN NOT is_same THEN 'conflict' WHEN first_batch = {BATCH} THEN 'merged'
                ELSE 'unchanged' END, first_batch, first_row
            FROM compared WHERE place > 1
            """
        )

    def _settled_conflicts(self, near: str, key: str) -> str:
        """As without releases, but a row that was released stands (the one released last, of several), and the rows
        it stands for are ``merged``; so is a row that was released as standing for nothing new."""
        return f"""
            WITH compared AS (
                SELECT n.*, p.wins, coalesce(p.is_merged, false) AS is_merged,
                    row_number() OVER w AS place, first_value({BATCH}) OVER w AS first_batch,
                    first_value({ROW}) OVER w AS first_row, row_number() OVER o AS old_place,
                    first_value({BATCH}) OVER o AS old_batch,
                    content IS NOT DISTINCT FROM first_value(content) OVER w AS is_same,
                    content IS NOT DISTINCT FROM first_value(content) OVER o AS is_old
                FROM ({near}) AS n LEFT JOIN {self.releases.table} AS p USING ({PLACE})
                WINDOW w AS (PARTITION BY {key} ORDER BY p.wins DESC NULLS LAST, {PLACE}),
                    o AS (PARTITION BY {key} ORDER BY {PLACE})
            )
            SELECT {PLACE}, CASE WHEN old_place = 1 OR is_merged OR wins IS NOT NULL THEN 'merged'
                WHEN is_same THEN CASE WHEN first_batch = {BATCH} THEN 'merged' ELSE 'unchanged' END
                WHEN is_old THEN CASE WHEN old_batch = {BATCH} THEN 'merged' ELSE 'unchanged' END
                ELSE 'conflict' END, first_batch, first_row
            FROM compared WHERE place > 1
            """

    def _content(self) -> str:
        """A struct of everything that the feed makes of a row."""
        values = ", ".join(name(column) for column in self.feed.columns)
        return f"row({values}, {DROP})"

    def _add_fates(self, query: str) -> None:
        added = self.connection.execute(f"INSERT INTO {self.fates} {query}").fetchall()[0][0]
        self.has_fates = self.has_fates or added > 0

    @staticmethod
    def _bare(table: str) -> str:
        return table.removeprefix("temp.")
