"""``triloop init`` makes a workspace whole or not at all; ``triloop doctor`` finds what is wrong with one."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli.main import invoke
from orchestration.lib import doctor as doctor_module
from orchestration.lib import new_workspace
from orchestration.lib.doctor import Doctor, Finding, compare_with_lock, exit_code
from orchestration.lib.errors import ConfigurationError, ExitCode
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.mapping import load_mappings
from orchestration.lib.new_workspace import make_workspace
from orchestration.lib.settings import Settings, load_settings
from orchestration.lib.vault.keys import KEY_VARIABLE, VaultKeys
from orchestration.lib.vault.store import open_vault
from orchestration.lib.workspace import PROJECT_ROOT, Workspace

MAPPING = """\
source: crm
label: {en: CRM, zh: 客户关系}
connection: {type: files, path: inbox/crm}
objects:
  channels:
    file: "channels*.csv"
    load: upsert
    key: [id]
    feeds:
      channel:
        columns: {channel_id: id, name: title}
"""


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """A workspace loads its ``.env`` into the process: put everything back."""
    before = dict(os.environ)
    for name in (KEY_VARIABLE, "TRILOOP_WORKSPACE", "TRILOOP_LANG", "LANG", "LC_ALL", "LC_MESSAGES"):
        os.environ.pop(name, None)
    yield
    os.environ.clear()
    os.environ.update(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# init ----------------------------------------------------------------------------------------------------------------


def test_init_makes_a_workspace_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "firm"
    assert invoke(["init", str(folder)]) == ExitCode.OK
    assert {path.name for path in folder.iterdir()} == {".env", ".gitignore", "inbox", "mappings", "triloop.yml"}
    assert load_settings(Workspace(folder)) == Settings()
    assert mode(folder / ".env") == 0o600
    lines = (folder / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".triloop/", ".env"} <= set(lines)
    Workspace.open(folder)
    assert len(VaultKeys.from_environment().encryption) == 32
    out = capsys.readouterr().out
    assert f"triloop run --workspace {folder}" in out
    assert os.environ[KEY_VARIABLE] not in out


def test_two_workspaces_have_two_keys(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_workspace(tmp_path / name)
    assert (tmp_path / "a" / ".env").read_text() != (tmp_path / "b" / ".env").read_text()


def test_init_demo_fills_it(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert invoke(["init", str(folder), "--demo"]) == ExitCode.OK
    assert list((folder / "mappings").glob("*.yml"))
    assert any(path.is_file() for path in (folder / "inbox").rglob("*"))
    assert load_settings(Workspace(folder)).as_of is not None


def test_init_says_everything_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["init", str(tmp_path / "w"), "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["workspace"] == str(tmp_path / "w")
    assert set(told["written"]) == {".env", ".gitignore", "triloop.yml"}
    assert told["next"][-1].startswith("triloop run")


def test_init_speaks_chinese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["init", str(tmp_path / "w"), "--lang", "zh"]) == ExitCode.OK
    assert "工作区已建好" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words", "fix"),
    [
        (["--example", "olst"], "no example 'olst'", "did you mean 'olist'?"),
        (["--example", "olist"], "needs its data", "--data PATH"),
        (["--example", "olist", "--data", "nowhere"], "does not exist", "--data"),
        (["--example", "olist", "--data", "."], "is missing", "--data"),
        (["--example", "tryton"], "needs its data", "postgresql://"),
        (["--example", "tryton", "--data", "nowhere.sqlite"], "does not exist", "--data"),
        (["--example", "tryton", "--data", "oracle://scott:tiger@host/erp"], "type 'oracle'", "postgresql://"),
        (["--data", "."], "--data is for an example only", "--example olist"),
        (["--demo", "--example", "olist"], "exclude each other", "one of them"),
        (["--scale", "3"], "--scale is for the demo only", "--demo"),
        (["--demo", "--scale", "0"], "--scale 0 is out of range", "1 to"),
        (["--demmo"], "--demmo", "--help"),
    ],
)
def test_init_refuses_and_leaves_nothing_behind(  # noqa: PLR0917  # pytest hands fixtures over by name
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
    fix: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert invoke(["init", "w", *arguments]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert words in error
    assert fix in error
    assert list(tmp_path.iterdir()) == []


def test_init_tryton_of_a_file_and_of_a_database_ask_the_same(tmp_path: Path) -> None:
    file = tmp_path / "erp.sqlite"
    with closing(sqlite3.connect(file)) as database:
        database.execute("create table sale_opportunity (id integer)")
        database.execute("create table account_invoice (id integer)")
    address = "postgresql://reader:s3cret@db.example.com:5432/erp"
    mappings = {}
    for name, data in (("file", str(file)), ("database", address)):
        assert invoke(["init", str(tmp_path / name), "--example", "tryton", "--data", data]) == ExitCode.OK
        workspace = Workspace(tmp_path / name)
        settings = load_settings(workspace)
        assert (settings.company.currency, settings.currency.max_rate_age_days) == ("CNY", 31)
        (mappings[name],) = load_mappings(workspace, settings)
        assert mode(workspace.env_file) == 0o600
    assert mappings["file"].connection.type == "sqlite"
    assert mappings["database"].connection.type == "sql"
    one, other = ([each.query for each in mappings[name].objects.values()] for name in ("file", "database"))
    assert one == other
    assert len(one) == 17
    # SQLAlchemy needs the name of the driver; the password is where secrets are and nowhere else
    env = (tmp_path / "database" / ".env").read_text(encoding="utf-8")
    assert "=postgresql+psycopg://reader:s3cret@db.example.com:5432/erp\n" in env
    others = [path for path in (tmp_path / "database").rglob("*") if path.is_file() and path.name != ".env"]
    assert not [path for path in others if "s3cret" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    ("name", "content", "words", "fix"),
    [
        ("erp.sqlite.gz", b"\x1f\x8b", "is compressed", "gunzip"),
        (
            "erp.sqlite",
            b"not a database at all, but long enough to have a header of its own" * 20,
            "cannot be read",
            "--data",
        ),
        ("erp.sqlite", b"", "no Tryton database", "sale_opportunity"),
    ],
)
def test_init_tryton_says_what_is_wrong_with_the_file(  # noqa: PLR0917  # pytest hands fixtures over by name
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, words: str, fix: str
) -> None:
    (tmp_path / name).write_bytes(content)
    data = str(tmp_path / name)
    assert invoke(["init", str(tmp_path / "w"), "--example", "tryton", "--data", data]) == ExitCode.USAGE
    error = capsys.readouterr().err
    assert words in error
    assert fix in error
    assert not (tmp_path / "w").exists()


def test_a_workspace_is_not_written_over(tmp_path: Path) -> None:
    make_workspace(tmp_path / "w")
    (tmp_path / "w" / "triloop.yml").write_text("company: {name: Mine}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is a workspace already"):
        make_workspace(tmp_path / "w")
    assert (tmp_path / "w" / "triloop.yml").read_text(encoding="utf-8") == "company: {name: Mine}\n"


def test_force_keeps_what_it_changes_and_never_the_key(tmp_path: Path) -> None:
    root = tmp_path / "w"
    make_workspace(root)
    env = (root / ".env").read_text(encoding="utf-8")
    (root / "triloop.yml").write_text("company: {name: Mine}\n", encoding="utf-8")
    (root / ".gitignore").write_text("mine\n.env", encoding="utf-8")
    made = make_workspace(root, force=True)
    assert (root / ".env").read_text(encoding="utf-8") == env
    assert made.backups == ["triloop.yml.bak-1"]
    assert (root / "triloop.yml.bak-1").read_text(encoding="utf-8") == "company: {name: Mine}\n"
    assert load_settings(Workspace(root)) == Settings()
    ignored = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ignored[:2] == ["mine", ".env"]
    assert ignored.count(".env") == 1
    assert ".triloop/" in ignored
    (root / "triloop.yml").write_text("as_of: null\n", encoding="utf-8")
    assert make_workspace(root, force=True).backups == ["triloop.yml.bak-2"]


def test_an_env_file_that_is_there_keeps_its_lines_and_is_closed(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OTHER=1", encoding="utf-8")
    (tmp_path / ".env").chmod(0o644)
    make_workspace(tmp_path)
    lines = (tmp_path / ".env").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "OTHER=1"
    assert sum(line.startswith(f"{KEY_VARIABLE}=") for line in lines) == 1
    assert mode(tmp_path / ".env") == 0o600


def test_a_vault_whose_key_is_gone_gets_no_other_key(tmp_path: Path) -> None:
    make_workspace(tmp_path / "w")
    workspace = Workspace.open(tmp_path / "w")
    with open_vault(workspace, VaultKeys.from_environment()):
        pass
    workspace.env_file.unlink()
    make_workspace(tmp_path / "w", force=True)
    assert KEY_VARIABLE not in workspace.env_file.read_text(encoding="utf-8")


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / "thesis.doc").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"is not empty: it has thesis\.doc"):
        make_workspace(tmp_path)
    assert not (tmp_path / "triloop.yml").exists()
    (tmp_path / "thesis.doc").unlink()
    make_workspace(tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("folder", [Path("/"), Path.home(), PROJECT_ROOT, PROJECT_ROOT.parent])
def test_places_that_are_never_a_workspace(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a place for a workspace"):
        make_workspace(folder, force=True)


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is a file"):
        make_workspace(tmp_path / "f")


def test_a_failing_example_leaves_an_existing_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")

    def fill(root: Path) -> Mapping[str, Any]:
        (root / "mappings" / "x.yml").write_text("half", encoding="utf-8")
        raise ConfigurationError("the data are not there")

    with pytest.raises(ConfigurationError, match="the data are not there"):
        make_workspace(tmp_path, fill=fill)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_a_full_disk_is_told_and_undone(tmp_path: Path) -> None:
    def fill(root: Path) -> Mapping[str, Any]:
        raise OSError(28, "No space left on device")

    with pytest.raises(ConfigurationError, match="No space left on device"):
        make_workspace(tmp_path / "w", fill=fill)
    assert not (tmp_path / "w").exists()


def test_the_settings_file_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        order.append(self.name)
        return real(self, target)

    monkeypatch.setattr(new_workspace.Path, "replace", replace)
    make_workspace(tmp_path / "w")
    assert order[-1] == "triloop.yml"


# doctor --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "w"
    make_workspace(root)
    (root / "mappings" / "crm.yml").write_text(MAPPING, encoding="utf-8")
    (root / "inbox" / "crm").mkdir()
    (root / "inbox" / "crm" / "channels_1.csv").write_text("id,title\n1,Search\n", encoding="utf-8")
    return Workspace(root)


def findings(workspace: Workspace, language: str = "en") -> dict[str, Finding]:
    return {finding.check: finding for finding in Doctor(workspace.root, language).examine()}


def test_doctor_finds_a_new_workspace_sound(workspace: Workspace) -> None:
    found = findings(workspace)
    assert exit_code(list(found.values())) == ExitCode.OK
    states = {check: finding.status for check, finding in found.items()}
    states.pop("packages")  # what is installed is not this test's business
    assert states.pop("disk") in {"ok", "warn"}
    assert states == {
        "python": "ok",
        "workspace": "ok",
        "settings": "ok",
        "mappings": "ok",
        "source:crm": "ok",
        "vault": "ok",
        "lock": "ok",
        "warehouse": "warn",
        "last_run": "warn",
        "snapshot": "warn",
    }
    assert found["source:crm"].message == "files: channels 1 (csv)"
    assert all(finding.fix for finding in found.values() if finding.status != "ok")


def test_doctor_is_a_command_with_json(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["doctor", "--workspace", str(workspace.root), "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["status"] == "warn"
    assert {"check", "status", "message", "fix", "exit_code"} == set(told["checks"][0])


def test_doctor_speaks_chinese(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["doctor", "--workspace", str(workspace.root), "--lang", "zh"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "尚未运行过" in out
    assert "处理" in out


def test_doctor_without_a_workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["doctor", "--workspace", str(tmp_path)]) == ExitCode.USAGE
    assert "triloop init" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_doctor_tells_a_wrong_setting_and_goes_on(workspace: Workspace) -> None:
    workspace.settings_file.write_text("company:\n  curency: CNY\n", encoding="utf-8")
    found = findings(workspace)
    assert found["settings"].status == "fail"
    assert "triloop.yml:2" in found["settings"].message
    assert found["settings"].fix == "did you mean 'currency'?"
    assert "mappings" not in found
    assert found["vault"].status == "ok"
    assert exit_code(list(found.values())) == ExitCode.USAGE


def test_doctor_tells_a_wrong_mapping(workspace: Workspace) -> None:
    file = workspace.mappings_dir / "crm.yml"
    file.write_text(MAPPING.replace("name: title", "nam: title"), encoding="utf-8")
    found = findings(workspace)
    assert found["mappings"].status == "fail"
    assert "crm.yml:11" in found["mappings"].message
    assert exit_code(list(found.values())) == ExitCode.USAGE


def test_doctor_without_mappings(workspace: Workspace) -> None:
    (workspace.mappings_dir / "crm.yml").unlink()
    assert findings(workspace)["mappings"].status == "warn"


def test_doctor_misses_files(workspace: Workspace) -> None:
    (workspace.inbox_dir / "crm" / "channels_1.csv").rename(workspace.inbox_dir / "crm" / "chanels_1.csv")
    found = findings(workspace)["source:crm"]
    assert found.status == "warn"
    assert "channels" in found.message
    assert "chanels_1.csv" in str(found.fix)
    assert exit_code([found]) == ExitCode.OK


def test_doctor_misses_the_vault_key(workspace: Workspace) -> None:
    workspace.env_file.write_text("", encoding="utf-8")
    found = findings(workspace)["vault"]
    assert found.status == "fail"
    assert KEY_VARIABLE in found.message
    assert found.exit_code == ExitCode.USAGE


def test_doctor_finds_a_key_that_is_not_the_vaults(workspace: Workspace) -> None:
    Workspace.open(workspace.root)
    with open_vault(workspace, VaultKeys.from_environment()):
        pass
    os.environ[KEY_VARIABLE] = "another key that is long enough"
    found = findings(workspace)["vault"]
    assert found.status == "fail"
    assert "is not the key" in found.message


def test_doctor_sees_secrets_that_others_may_read(workspace: Workspace) -> None:
    workspace.env_file.chmod(0o644)
    found = findings(workspace)["vault"]
    assert found.status == "warn"
    assert found.fix == f"chmod go= {workspace.env_file}"


def test_doctor_names_who_writes(workspace: Workspace) -> None:
    with workspace.writer_lock("a test"):
        found = findings(workspace)["lock"]
    assert found.status == "warn"
    assert str(os.getpid()) in found.message
    assert "a test" in found.message
    assert findings(workspace)["lock"].status == "ok"


def test_doctor_finds_a_damaged_database(workspace: Workspace) -> None:
    workspace.state_dir.mkdir()
    workspace.warehouse_file.write_bytes(b"not a database" * 1000)
    found = findings(workspace)["warehouse"]
    assert found.status == "fail"
    assert "builds it anew from what has landed" in str(found.fix)
    assert found.exit_code == ExitCode.DATA


def test_doctor_finds_a_damaged_pointer(workspace: Workspace) -> None:
    workspace.published_dir.mkdir(parents=True)
    (workspace.published_dir / "CURRENT").write_text("20260101T000000Z-00000000\n", encoding="utf-8")
    found = findings(workspace)["snapshot"]
    assert found.status == "fail"
    assert found.exit_code == ExitCode.DATA


def test_doctor_tells_the_last_run(workspace: Workspace) -> None:
    ledger = Ledger(workspace)
    ledger.record_run("11111111-aaaa", "cli", "somebody", "0.1.0", "hash")
    assert "has not ended" in findings(workspace)["last_run"].message
    ledger.finish_run("11111111-aaaa", "failed", "{}")
    assert findings(workspace)["last_run"].status == "warn"
    ledger.record_run("22222222-bbbb", "cli", "somebody", "0.1.0", "hash")
    ledger.finish_run("22222222-bbbb", "succeeded", "{}")
    last = findings(workspace)["last_run"]
    assert last.status == "ok"
    assert last.message.startswith("22222222 succeeded")


def test_doctor_on_a_disk_that_is_nearly_full(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 100 << 20

    monkeypatch.setattr(doctor_module.shutil, "disk_usage", lambda path: Usage)
    assert findings(workspace)["disk"].status == "fail"
    Usage.free = 1 << 30
    assert findings(workspace)["disk"].status == "warn"
    Usage.free = 1 << 40
    assert findings(workspace)["disk"].status == "ok"


def test_usage_is_graver_than_data() -> None:
    bad_data = Finding("a", "fail", "", None, ExitCode.DATA)
    bad_use = Finding("b", "fail", "", None, ExitCode.USAGE)
    assert exit_code([bad_data]) == ExitCode.DATA
    assert exit_code([bad_use, bad_data]) == ExitCode.USAGE
    assert exit_code([Finding("c", "warn", "")]) == ExitCode.OK


def test_versions_are_compared_with_the_lock() -> None:
    lock = (
        "pytest==0.0.1 \\\n    --hash=sha256:00\n"
        "no-such-package-anywhere==1.0 \\\n    --hash=sha256:00\n"
        "only-elsewhere==1.0 ; sys_platform == 'plan9' \\\n    --hash=sha256:00\n"
    )
    missing, other = compare_with_lock(lock)
    assert missing == ["no-such-package-anywhere 1.0"]
    assert len(other) == 1
    assert other[0].endswith(", not 0.0.1")
