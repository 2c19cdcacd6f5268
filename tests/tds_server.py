"""As much of a SQL Server as its driver needs to log in and to read: TDS 7.4 after [MS-TDS], on the loopback.

It knows no SQL: statements are answered by the first pattern that fits. What it proves is what the driver makes of the
bytes, and what our reader sends; not what a real server would do with it.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

PRELOGIN, LOGIN, BATCH, ATTENTION, REPLY = 0x12, 0x10, 0x01, 0x06, 0x04
_CHINESE = bytes([0x04, 0x08, 0xD0, 0x00, 0x00])  # Chinese_PRC_CI_AS: varchar is in code page 936


@dataclass(frozen=True)
class Result:
    """Columns as (name, type), and rows of values."""

    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Fault:
    """An error of the server."""

    number: int
    text: str
    severity: int = 16


@dataclass
class Tds:
    """What the server says, and what it heard."""

    port: int
    password: str = "right"
    answers: list[tuple[str, Result | Fault]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def answer(self, statement: str) -> Result | Fault | None:
        """The first answer whose pattern fits."""
        self.heard.append(statement)
        return next((reply for pattern, reply in self.answers if re.search(pattern, statement, re.IGNORECASE)), None)


def _b(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("utf-16-le")


def _us(data: bytes) -> bytes:
    return struct.pack("<H", len(data)) + data


def _moment(value: datetime) -> bytes:
    ticks = ((value.hour * 60 + value.minute) * 60 + value.second) * 10**7 + value.microsecond * 10
    return ticks.to_bytes(5, "little") + _day(value.date())


def _day(value: date) -> bytes:
    return (value - date(1, 1, 1)).days.to_bytes(3, "little")


def _offset(value: datetime) -> bytes:
    minutes = int((value.utcoffset() or timedelta()).total_seconds() // 60)
    return _moment(value.astimezone(UTC).replace(tzinfo=None)) + struct.pack("<h", minutes)


def _datetime(value: datetime) -> bytes:
    since = value - datetime(1900, 1, 1)
    return struct.pack("<iI", since.days, round((since - timedelta(days=since.days)).total_seconds() * 300))


def _decimal(value: Decimal) -> bytes:
    digits = int("".join(map(str, value.as_tuple().digits)))  # arithmetic would keep 28 of them
    return bytes([value >= 0]) + digits.to_bytes(16, "little")


def _money(value: Decimal) -> bytes:
    whole = int(value * 10_000)
    return struct.pack("<iI", whole >> 32, whole & 0xFFFFFFFF)


# type → its TYPE_INFO, and how a value that is not null is written
_TYPES: dict[str, tuple[bytes, Callable[[Any], bytes]]] = {
    "int": (b"\x26\x04", lambda v: struct.pack("<i", v)),
    "bigint": (b"\x26\x08", lambda v: struct.pack("<q", v)),
    "bit": (b"\x68\x01", lambda v: bytes([v])),
    "float": (b"\x6d\x08", lambda v: struct.pack("<d", v)),
    "real": (b"\x6d\x04", lambda v: struct.pack("<f", v)),
    "money": (b"\x6e\x08", _money),
    "smallmoney": (b"\x6e\x04", lambda v: struct.pack("<i", int(v * 10_000))),
    "datetime": (b"\x6f\x08", _datetime),
    "decimal(38,10)": (b"\x6a\x11\x26\x0a", _decimal),
    "uniqueidentifier": (b"\x24\x10", lambda v: uuid.UUID(v).bytes_le),
    "date": (b"\x28", _day),
    "datetime2(7)": (b"\x2a\x07", _moment),
    "datetimeoffset(7)": (b"\x2b\x07", _offset),
    "nvarchar": (b"\xe7\x40\x1f" + _CHINESE, lambda v: v.encode("utf-16-le")),
    "varchar": (b"\xa7\x40\x1f" + _CHINESE, lambda v: v.encode("gbk")),
    "binary(8)": (b"\xad\x08\x00", bytes),
}
_LONG = {"nvarchar", "varchar", "binary(8)"}  # their lengths take two bytes


def _value(kind: str, value: Any) -> bytes:
    data = None if value is None else _TYPES[kind][1](value)
    if kind in _LONG:
        return b"\xff\xff" if data is None else _us(data)
    return b"\x00" if data is None else bytes([len(data)]) + data


def _tokens(reply: Result | Fault | None) -> bytes:
    if reply is None:
        return struct.pack("<BHHQ", 0xFD, 0, 0, 0)
    if isinstance(reply, Fault):
        text = struct.pack("<H", len(reply.text)) + reply.text.encode("utf-16-le")
        told = struct.pack("<iBB", reply.number, 1, reply.severity) + text + _b("SQL") + _b("") + struct.pack("<i", 1)
        return b"\xaa" + _us(told) + struct.pack("<BHHQ", 0xFD, 2, 0, 0)
    named = [struct.pack("<IH", 0, 1) + _TYPES[kind][0] + _b(name) for name, kind in reply.columns]
    rows = [
        b"\xd1" + b"".join(_value(kind, value) for (_, kind), value in zip(reply.columns, row, strict=True))
        for row in reply.rows
    ]
    head = b"\x81" + struct.pack("<H", len(named)) + b"".join(named)
    return head + b"".join(rows) + struct.pack("<BHHQ", 0xFD, 0x10, 0xC1, len(rows))


def _login(tds: Tds, data: bytes) -> bytes:
    place, length = struct.unpack_from("<HH", data, 44)
    hidden = [one ^ 0xA5 for one in data[place : place + 2 * length]]
    if bytes((one << 4 | one >> 4) & 0xFF for one in hidden).decode("utf-16-le") != tds.password:
        return _tokens(Fault(18456, "Login failed for user 'reader'.", severity=14))
    acknowledged = b"\x01\x74\x00\x00\x04" + _b("Microsoft SQL Server") + b"\x0f\x00\x07\xd0"
    return b"\xe3" + _us(b"\x04" + _b("4096") + _b("4096")) + b"\xad" + _us(acknowledged) + _tokens(None)


def _serve(tds: Tds, client: socket.socket) -> None:
    with client, client.makefile("rb") as stream:
        while True:
            kind, status, data = 0, 0, b""
            while not status & 1:  # the last packet of a message
                head = stream.read(8)
                if len(head) < 8:
                    return
                kind, status, length = struct.unpack_from(">BBH", head)
                data += stream.read(length - 8)
            if kind == PRELOGIN:
                options = b"\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff"
                reply = options + b"\x0f\x00\x07\xd0\x00\x00" + b"\x02"  # 15.0, no encryption
            elif kind == LOGIN:
                reply = _login(tds, data)
            elif kind == BATCH:
                reply = _tokens(tds.answer(data[struct.unpack_from("<I", data)[0] :].decode("utf-16-le")))
            else:
                reply = struct.pack("<BHHQ", 0xFD, 0x20, 0, 0)  # it asks to stop, and we have
            parts = [reply[start : start + 4000] for start in range(0, len(reply), 4000)]
            for number, part in enumerate(parts, start=1):
                client.sendall(
                    struct.pack(">BBHHBB", REPLY, number == len(parts), len(part) + 8, 0, number & 255, 0) + part
                )


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which each client is served by ``serve`` in a thread of its own, while it lasts."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextmanager
def serving() -> Iterator[Tds]:
    """A server on a free port, while it lasts."""
    tds = Tds(0)
    with listening(lambda client: _serve(tds, client)) as port:
        tds.port = port
        yield tds
