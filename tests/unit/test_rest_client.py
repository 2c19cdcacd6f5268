"""Asking an API: who asks, patience and its bounds, faults, and secrets that are never told."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orchestration.lib.errors import ConfigurationError, DataError, TriloopError
from orchestration.lib.landing.rest_answer import retry_after
from tests.rest_api import Api, Asked, Reply, serving
from tests.unit.rest_case import RestCase, record

SECRET = "s3cr/t+value=&x"


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as found:
        yield found


@pytest.fixture
def case(tmp_path: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> RestCase:
    made = RestCase(tmp_path / "w", api, monkeypatch)
    made.variable("CRM_SECRET", SECRET)
    api.answer = lambda asked: [record(1)]
    return made


# Values --------------------------------------------------------------------------------------------------------------


def test_values_as_they_were_written(case: RestCase, api: Api) -> None:
    api.script = [
        Reply(
            '\ufeff{"data": [{"id": 12345678901234567890123, "day": "2026-01-01", "amount": 1.10, "n": -0.50E+3,'
            ' "buyer": {"city": "上海", "score": 0.1000}, "lines": [{"price": 2.00}, 3], "flag": true, "none": null,'
            ' "text": "1.10 \\"2.0\\" \\u00e9\\n"}]}'
        )
    ]
    case.request["records"] = "data"
    case.object["keep"] = ["n", "buyer.city", "buyer.score", "lines", "flag", "none", "text"]
    assert case.landed() == [
        {
            "_row": 1, "id": "12345678901234567890123", "day": "2026-01-01", "amount": "1.10", "n": "-0.50E+3",
            "buyer.city": "上海", "buyer.score": "0.1000", "lines": '[{"price":2.00},3]', "flag": "true", "none": None,
            "text": '1.10 "2.0" é\n',
        }
    ]  # fmt: skip
    assert case.payments() == [("crm:12345678901234567890123", "1.10")]


def test_an_answer_in_another_encoding(case: RestCase, api: Api) -> None:
    text = '[{"id": "甲", "day": "2026-01-01", "amount": 1}]'
    api.script = [Reply(text.encode("gb18030"), headers={"Content-Type": "application/json; charset=GBK"})]
    assert case.landed()[0]["id"] == "甲"


def test_nothing_new_adds_nothing_in_whatever_order(case: RestCase, api: Api) -> None:
    api.answer = lambda asked: [record(1), record(2)]
    first = case.land()
    api.answer = lambda asked: [record(2), record(1)]
    second = case.land()
    assert (first.new, second.new, second.unchanged, len(second.batches)) == (1, 0, 1, 1)


def test_the_rows_are_found_under_the_address_as_written(case: RestCase, api: Api) -> None:
    case.variable("CRM_URL", api.url)
    case.connection |= {"url": "${CRM_URL}", "auth": {"type": "key", "parameter": "key", "value": "${CRM_SECRET}"}}
    case.request |= {"parameters": {"status": "paid", "tenant": "${CRM_SECRET}"}}
    case.request |= {"pages": {"by": "page", "parameter": "page", "last": "last"}, "records": "items"}
    api.answer = lambda asked: {"items": [record(1)], "last": 1}
    (batch,) = case.land().batches
    assert batch.source_file == "${CRM_URL}/payments?status=paid&tenant=${CRM_SECRET}"
    assert api.asked[0].query == {"status": "paid", "tenant": SECRET, "page": "1", "key": SECRET}


# Who asks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "header", "expected"),
    [
        ({"type": "bearer", "token": "${CRM_SECRET}"}, "authorization", f"Bearer {SECRET}"),
        ({"type": "key", "header": "X-Key", "value": "${CRM_SECRET}"}, "x-key", SECRET),
        (
            {"type": "basic", "user": "reader", "password": "${CRM_SECRET}"},
            "authorization",
            "Basic cmVhZGVyOnMzY3IvdCt2YWx1ZT0meA==",
        ),
    ],
)
def test_auth(case: RestCase, api: Api, auth: dict[str, Any], header: str, expected: str) -> None:
    case.connection["auth"] = auth
    case.land()
    assert api.asked[0].headers[header] == expected


def test_nobody_in_particular_and_no_netrc(
    case: RestCase, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    case.land()
    assert "authorization" not in api.asked[0].headers


@pytest.mark.parametrize("place", ["body", "header"])
def test_oauth2_renews_a_token_that_is_refused(case: RestCase, api: Api, place: str) -> None:
    tokens = iter(["first-token", "second-token"])

    def reply(asked: Asked) -> Any:
        if asked.path == "/api/token":
            return {"access_token": next(tokens), "expires_in": 3600}
        if asked.headers["authorization"] == "Bearer first-token" and asked.query["page"] == "2":
            return Reply({"error": "expired"}, status=401)
        return [record(int(asked.query["page"]))] if int(asked.query["page"]) < 3 else []

    api.answer = reply
    case.connection["auth"] = {
        "type": "oauth2", "token_url": f"{api.url}/token", "client_id": "me", "client_secret": "${CRM_SECRET}",
        "scope": "read", "client_in": place,
    }  # fmt: skip
    case.request["pages"] = {"by": "page", "parameter": "page"}
    assert case.land().rows_in == 2
    asked = [one for one in api.asked if one.path == "/api/token"]
    assert len(asked) == 2
    told = "client_id=me&client_secret=s3cr%2Ft%2Bvalue%3D%26x"
    assert asked[0].body == f"grant_type=client_credentials&scope=read{'&' + told if place == 'body' else ''}"
    assert asked[0].headers.get("authorization") == (
        None if place == "body" else "Basic bWU6czNjciUyRnQlMkJ2YWx1ZSUzRCUyNng="
    )


def test_a_login_that_stays_refused_is_not_tried_for_ever(case: RestCase, api: Api) -> None:
    api.answer = lambda asked: (
        {"access_token": "token"} if asked.path == "/api/token" else Reply({"token": "token"}, status=401)
    )
    case.connection["auth"] = {
        "type": "oauth2", "token_url": f"{api.url}/token", "client_id": "me", "client_secret": "${CRM_SECRET}",
    }  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"refuses the login \(status 401\)"):
        case.land()
    assert len(api.asked) == 4


def test_secrets_are_told_nowhere(case: RestCase, api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    case.connection |= {"auth": {"type": "key", "parameter": "key", "value": "${CRM_SECRET}"}, "attempts": 2}
    case.connection["headers"] = {"X-Tenant": "${CRM_SECRET}"}
    case.request |= {"ok": {"code": "0"}, "records": "items"}
    errors: list[TriloopError] = []
    faults = [
        Reply({}, status=401), Reply({}, status=404), Reply({}, status=418), Reply("<html>", status=200),
        Reply({"code": SECRET}), Reply({}, status=302, headers={"Location": f"http://elsewhere/?k={SECRET}"}),
        Reply("{", promised=10), Reply({}, status=503),
    ]  # fmt: skip
    for fault in faults:
        api.script = [fault, fault]
        with pytest.raises(TriloopError) as caught:
            case.land()
        errors.append(caught.value)
    api.script = []
    api.answer = lambda asked: {"code": 0, "items": [record(1)]}
    case.land()
    told = "\n".join([*map(str, errors), *case.said, caplog.text])
    for error in errors:
        assert error.__suppress_context__ or error.__context__ is None or SECRET not in repr(error.__context__)
    writings = [SECRET, "s3cr%2Ft%2Bvalue%3D%26x", "s3cr/t%2Bvalue%3D%26x"]
    assert not [one for one in writings if one in told]
    for file in case.workspace.root.rglob("*"):
        if file.is_file() and file.name != ".env":
            assert not [one for one in writings if one.encode() in file.read_bytes()], file


# Patience ------------------------------------------------------------------------------------------------------------


def test_asked_again_with_longer_pauses_and_then_no_more(case: RestCase, api: Api) -> None:
    api.answer = lambda asked: Reply({}, status=503)
    with pytest.raises(DataError, match=r"being serviced \(status 503\) \(asked 5 times\)"):
        case.land()
    assert (len(api.asked), case.waited) == (5, [1.5, 3.0, 6.0, 12.0])


@pytest.mark.parametrize("status", [429, 503, 403])
def test_an_api_that_says_how_long(case: RestCase, api: Api, status: int) -> None:
    api.script = [Reply({}, status=status, headers={"Retry-After": "7"})]
    assert case.land().rows_in == 1
    assert case.waited == [8.0]  # and the jitter, which is 1 at most


def test_retry_after_in_both_writings() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    later = format_datetime(now + timedelta(seconds=90), usegmt=True)
    assert retry_after(later, now=lambda: now) == 90
    assert retry_after(later, now=lambda: now + timedelta(hours=1)) == 0
    assert (retry_after("15"), retry_after(None), retry_after("soon")) == (15, None, None)


def test_a_wait_beyond_the_allowed_time_is_not_made(case: RestCase, api: Api) -> None:
    api.script = [Reply({}, status=429, headers={"Retry-After": "7200"})]
    with pytest.raises(DataError, match=r"asks for fewer requests \(status 429\) \(asked once\)") as caught:
        case.land()
    assert "7200 s" in str(caught.value.hint)
    assert case.waited == []


def test_no_faster_than_allowed(case: RestCase, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("orchestration.lib.landing.rest_client.time.monotonic", lambda: clock[0])

    def sleep(seconds: float) -> None:
        case.waited.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr("orchestration.lib.landing.rest_client.time.sleep", sleep)
    api.answer = lambda asked: [record(int(asked.query["page"]))] if int(asked.query["page"]) < 4 else []
    case.connection["requests_per_minute"] = 30
    case.request["pages"] = {"by": "page", "parameter": "page"}
    case.land()
    assert case.waited == [2.0, 2.0, 2.0]


# Faults --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Reply('[{"id": 1, "day"', promised=500), "the answer broke off"),
        (Reply('[{"id": 1, "day"'), "not whole JSON: .* at character 17 of 16"),
        (Reply("[NaN]"), "it holds NaN"),
        (Reply('[{"id": 1, "id": 2}]'), "names a key twice"),
        (Reply("<!DOCTYPE html><p>login", headers={"Content-Type": "text/html"}), "a web page instead of JSON"),
        (Reply(b'["\xff"]'), "the text is not in utf-8"),
        (Reply({}, status=500), "has a fault or is being serviced"),
    ],
)
def test_an_answer_that_is_none(case: RestCase, api: Api, fault: Reply, told: str) -> None:
    """Asked again it is whole; if it stays so, nothing is landed; what was there before stands."""
    case.connection["attempts"] = 2
    api.script = [fault, fault]
    with pytest.raises(DataError, match=told):
        case.land()
    assert not list(case.workspace.landing_dir.rglob("*.parquet"))
    api.script = [fault]
    assert case.land().rows_in == 1
    api.script = [fault, fault]
    stale = case.land()
    assert (len(stale.batches), stale.new, stale.stale is not None) == (1, 0, True)
    assert case.payments() == [("crm:1", "1.10")]


def test_a_fault_on_a_later_page_leaves_nothing(case: RestCase, api: Api) -> None:
    case.connection["attempts"] = 1
    case.request["pages"] = {"by": "page", "parameter": "page"}
    api.script = [Reply([record(1)]), Reply("[{", promised=9)]
    with pytest.raises(DataError, match=r"crm\.payments, page 2: the answer broke off"):
        case.land()
    assert not list(case.workspace.landing_dir.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"items": {"id": 1}}, "the answer has no 'data'"),
        ({"data": {"id": 1}}, "'data' of the answer is an object, not a list of records"),
        ({"data": [1]}, "record 1 is a text or number, not an object"),
        ({"data": [{"id": "\ud800"}]}, "record 1 holds half a character"),
        ({"data": [{"id": 1, "day": "2026-01-01"}]}, "has no column 'amount', which the mapping needs"),
    ],
)
def test_an_answer_of_another_shape_is_an_error_at_once(case: RestCase, api: Api, body: Any, told: str) -> None:
    case.request["records"] = "data"
    api.script = [Reply(body if "ud800" not in repr(body) else '{"data": [{"id": "\\ud800"}]}')]
    with pytest.raises(DataError, match=told):
        case.land()
    assert len(api.asked) == 1


def test_statuses_that_no_patience_mends(case: RestCase, api: Api) -> None:
    for status, told in ((404, "no such resource"), (400, "refuses the request"), (403, "refuses the login")):
        api.script = [Reply({}, status=status)]
        with pytest.raises(TriloopError, match=told):
            case.land()
    assert len(api.asked) == 3


def test_an_error_that_is_told_in_the_body(case: RestCase, api: Api) -> None:
    case.request |= {"ok": {"errcode": [0, "0"]}, "records": "data"}
    api.script = [Reply({"errcode": 40014, "data": []})]
    with pytest.raises(DataError, match="the API says errcode = 40014"):
        case.land()
    api.script = [Reply({"errcode": 0, "data": [record(1)]})]
    assert case.land().rows_in == 1


def test_an_answer_that_is_too_large(case: RestCase, api: Api) -> None:
    case.workspace.settings_file.write_text("limits: {max_response_mb: 1}\n", encoding="utf-8")
    api.script = [Reply("[" + " " * (1 << 20) + "]")]
    with pytest.raises(DataError, match="larger than 1 MB"):
        case.land()


def test_a_server_that_says_nothing(case: RestCase, api: Api) -> None:
    case.connection |= {"timeout_seconds": 1, "attempts": 1}
    api.script = [Reply([], pause=30)]
    begun = time.monotonic()
    with pytest.raises(DataError, match="no answer within 1 s"):
        case.land()
    assert time.monotonic() - begun < 10


def test_a_server_that_is_not_there(case: RestCase) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        case.connection |= {"url": f"http://127.0.0.1:{free.getsockname()[1]}/api", "attempts": 2}
    with pytest.raises(DataError, match="the connection was refused or broke off"):
        case.land()
    assert case.waited == [1.5]


def test_tls_is_not_negotiable(case: RestCase, api: Api) -> None:
    case.connection |= {"url": api.url.replace("http:", "https:"), "attempts": 1}
    with pytest.raises(DataError, match="TLS failed"):
        case.land()


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody but ourselves has signed, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("tls") / "own.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(secret + made.public_bytes(pem))
    return file


def test_a_certificate_that_nobody_vouches_for(
    case: RestCase, own_certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(certificate=own_certificate) as api:
        api.answer = lambda asked: [record(1)]
        case.connection |= {"url": api.url, "attempts": 1}
        with pytest.raises(DataError, match="its certificate is not trusted"):
            case.land()
        assert api.asked == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own_certificate))  # as a company with its own authority does
        assert case.land().rows_in == 1


def test_redirects(case: RestCase, api: Api) -> None:
    case.connection["auth"] = {"type": "bearer", "token": "${CRM_SECRET}"}
    api.script = [Reply({}, status=307, headers={"Location": "/api/v2/payments?x=1"})]
    assert case.land().rows_in == 1
    assert (api.asked[-1].path, api.asked[-1].headers["authorization"]) == ("/api/v2/payments", f"Bearer {SECRET}")
    with serving() as other:
        api.script = [Reply({}, status=302, headers={"Location": f"{other.url}/payments"})]
        with pytest.raises(DataError, match="sends us to another host"):
            case.land()
        api.script = [Reply({"items": [record(1)], "next": f"{other.url}/payments"})]
        case.request |= {"records": "items", "pages": {"by": "link", "next": "next"}}
        with pytest.raises(DataError, match="sends us to another host"):
            case.land()
        assert other.asked == []
    api.script = [Reply({}, status=302, headers={"Location": "/api/payments"})] * 6
    with pytest.raises(DataError, match="redirected more than 5 times"):
        case.land()


def test_without_secrets_another_host_may_be_followed(case: RestCase, api: Api) -> None:
    with serving() as other:
        other.answer = lambda asked: [record(5)]
        api.script = [Reply({}, status=302, headers={"Location": f"{other.url}/payments"})]
        assert [row["id"] for row in case.landed()] == ["5"]


def test_a_secret_that_is_no_header(case: RestCase) -> None:
    case.variable("CRM_SECRET", "line\nbreak")
    case.connection["auth"] = {"type": "key", "header": "X-Key", "value": "${CRM_SECRET}"}
    with pytest.raises(ConfigurationError, match="cannot be sent") as caught:
        case.land()
    assert "break" not in caught.value.message
