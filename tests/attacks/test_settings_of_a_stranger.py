"""DVC's settings in a file that git holds may come from anybody: none of them runs a program."""

import os

import pytest
from configobj import ConfigObj
from dvc.config import Config
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands.checkup import remote as remote_check
from pipeline.errors import EquipoiseError, VersionError
from pipeline.versions.dvc import run_dvc
from pipeline.versions.dvc_settings import cache_directory, refuse_foreign_settings
from pipeline.versions.foreign_settings import sift_remote, url_problem
from pipeline.versions.garbage import find_garbage
from pipeline.versions.git import Git
from pipeline.versions.pull import pull
from pipeline.versions.release import release
from pipeline.versions.remote import Remote, effective_remote, published_config, remote_of_config
from pipeline.versions.remote_settings import set_remote
from pipeline.versions.verification import verify
from tests.attacks.stranger import rewrite, the_release
from tests.versions.conftest import dvc, sh

NOWHERE = "http://127.0.0.1:9"
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@b")
# Options that run a program, read a file, ask a person, or send secrets, by protocol.
DANGEROUS = {
    "s3": ("configpath", "credentialpath", "profile", "ssl_verify", "access_key_id", "acl"),
    "gs": ("credentialpath",),
    "ssh": ("keyfile", "ask_password", "password", "passphrase", "gss_auth", "allow_agent"),
    "webdav": ("bearer_token_command", "cert_path", "key_path", "custom_auth_header", "token"),
    "http": ("password", "ask_password", "auth", "method"),
    "azure": ("connection_string", "sas_token", "exclude_environment_credential"),
    "oss": ("oss_endpoint", "oss_key_secret"),
    "hdfs": ("kerb_ticket",),
    "webhdfs": ("proxy_to", "token"),
}  # fmt: skip
UNFIT = {
    "endpointurl": ("file:///etc", "http://", "http://-x", "https://u:p@host", "gopher://host",
                    "http://a b", "host", "http://host\n.x", ["http://a", "http://b"]),
    "region": ("", "-x", "a b", "a/../b", "$(id)", "a" * 200),
    "port": ("0", "65536", "-1", "22 -o", "٢٢", "1e3"),
    "use_ssl": ("maybe", "", "1"),
    "allow_anonymous_login": ("yes", "2"),
}  # fmt: skip
URLS = (
    "-oProxyCommand=x", "ssh://-oProxyCommand=x/path", "ssh://a@-b/path", "ssh://host;id/path",
    "ssh://$(id)/path", "ssh:///path", "ext::sh -c id", "ext://x/y", "gdrive://root/x",
    "remote://other/path", "github://a/b", "memory://x", "simplecache::s3://bucket/x", "file:x://y",
    "s3://", "s3://a b/c", "s3://bucket\n/x", "javascript://x", "file://host/path", "S3K://x/y",
    "s3://[", "a\0b", "", "x" * 3000,
)  # fmt: skip


def config_of(options, *, core=None, **sections) -> bytes:
    config = ConfigObj(interpolation=False)
    config["core"] = {"remote": "storage", **(core or {})}
    config['remote "storage"'] = options
    for name, values in sections.items():
        config[name] = values
    return ("\n".join(config.write()) + "\n").encode()


def commit_config(root, content: bytes):
    (root / ".dvc" / "config").write_bytes(content)
    sh(root, "git", "add", "--force", ".dvc/config")
    sh(root, "git", *IDENTITY, "commit", "--quiet", "--message", "stranger", "--", ".dvc/config")


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """An AWS configuration that runs a program for credentials; whether that happened."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    sprung = tmp_path / "sprung"
    script = tmp_path / "program"
    script.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    script.chmod(0o755)
    (tmp_path / "aws").write_text(f"[default]\ncredential_process = {script}\n")
    return tmp_path / "aws", sprung


def test_an_aws_configuration_that_a_version_publishes_is_not_read(released, trap, tmp_path):
    aws, sprung = trap
    options = {"url": "s3://bucket/x", "endpointurl": NOWHERE, "configpath": str(aws)}
    content = config_of(options)
    rewrite(released.root, {".dvc/config": content})
    sh(tmp_path, "git", "clone", "--quiet", "--bare", str(released.root), "bare.git")
    for place in ("bare.git", "workspace"):
        git = Git(tmp_path / place)
        with pytest.raises(EquipoiseError):
            pull(git, the_release(git.directory), tmp_path / "pulled")
    assert not sprung.exists()


@pytest.fixture
def clone(released, trap, tmp_path):
    """A clone whose `.dvc/config`, as committed, names that configuration."""
    aws, _ = trap
    content = config_of({"url": "s3://bucket/x", "endpointurl": NOWHERE, "configpath": str(aws)})
    commit_config(released.root, content)
    rewrite(released.root, {".dvc/config": content})
    sh(tmp_path, "git", "clone", "--quiet", str(released.root), "clone")
    return tmp_path / "clone"


@pytest.mark.parametrize(
    "command",
    [["pull", "v0.1.0", "--to", "../pulled"], ["verify"], ["verify", "--read-data", "--repair"],
     ["doctor"], ["reproduce", "v0.1.0"], ["diff", "v0.1.0", "v0.1.0"], ["gc", "--keep", "1"],
     ["versions"], ["remote", "show"], ["report", "v0.1.0", "--to", "../shelf"]],
    ids=lambda command: "-".join(command[:1]),
)  # fmt: skip
def test_no_command_in_a_clone_runs_what_its_settings_name(clone, trap, command, monkeypatch):
    monkeypatch.chdir(clone)
    result = CliRunner().invoke(app, command)
    assert not trap[1].exists()
    assert result.exception is None or isinstance(result.exception, EquipoiseError | SystemExit)


def test_dvc_is_not_run_in_such_a_clone_and_the_remedy_of_the_sentence_works(clone, trap):
    attempts = (
        lambda: run_dvc(clone, "push"),
        lambda: find_garbage(Git(clone), "augmented", keep=1),
        lambda: remote_check(type("Place", (), {"root": clone})()),
        lambda: verify(Git(clone), [the_release(clone)], repair=True),
    )
    for attempt in attempts:
        with pytest.raises(VersionError, match=r"sets `remote\.storage\.configpath`"):
            attempt()
    assert not trap[1].exists()
    for words in (["--local", "remote.storage.configpath", str(trap[0])],
                  ["--unset", "remote.storage.configpath"]):  # fmt: skip
        dvc(clone, "config", *words)
    refuse_foreign_settings(clone)
    assert effective_remote(clone).options["configpath"] == str(trap[0])


@pytest.mark.parametrize(
    ("scheme", "option"), [(scheme, name) for scheme, names in DANGEROUS.items() for name in names]
)
def test_an_option_that_is_not_published_never_leaves_a_file_of_gits(scheme, option, tmp_path):
    value = "true" if option.startswith(("ask", "gss", "allow", "exclude")) else "x"
    value = "basic" if option == "auth" else value
    options = {"url": f"{scheme}://host/x", option: value}
    assert option not in remote_of_config(config_of(options), where="x").options
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_bytes(config_of(options))
    assert option not in effective_remote(tmp_path).options
    with pytest.raises(VersionError, match=f"remote.storage.{option}"):
        refuse_foreign_settings(tmp_path)
    # In the user's own file it is his.
    (tmp_path / ".dvc" / "config").write_bytes(config_of({"url": f"{scheme}://host/x"}))
    own = f"['remote \"storage\"']\n{option} = {value}\n"
    (tmp_path / ".dvc" / "config.local").write_text(own)
    refuse_foreign_settings(tmp_path)
    assert option in effective_remote(tmp_path).options


@pytest.mark.parametrize(
    ("option", "value"), [(name, value) for name, values in UNFIT.items() for value in values]
)
def test_a_published_option_of_another_type_is_refused(option, value):
    assert sift_remote("storage", {"url": "s3://b/x", option: value}, only_public=True).refused
    content = config_of({"url": "s3://b/x", option: value})
    with pytest.raises(VersionError, match=r"of TAG"):
        remote_of_config(content, where=".dvc/config of TAG")


@pytest.mark.parametrize("url", URLS)
def test_an_address_of_another_kind_is_refused(url):
    assert url_problem(url)


@pytest.mark.parametrize(
    "url",
    ["/data/x", "../.equipoise/remote", "s3://bucket", "s3://bucket/a/b", "ssh://jane@host:2222/x",
     "https://host/x", "webdavs://host.example.org/a", "file:///data/x", "azure://c_1/x",
     "gs://b_u.c/x", "ssh://[::1]:22/x"],
)  # fmt: skip
def test_usual_addresses_are_not(url):
    assert url_problem(url) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"[core]\nremote = storage\n", b"[core\n", b"\xff\xfe", b"core = 1\n",
     b"[core]\nremote = storage\n['remote \"storage\"']\n", b"a" * 100_000,
     b"[core]\nremote = a, b\n", b"['remote \"storage\"']\nurl = /x\nurl = /y\n"],
)  # fmt: skip
def test_what_is_no_configuration_is_told(content):
    with pytest.raises(VersionError, match=r"\.dvc/config of TAG"):
        remote_of_config(content, where=".dvc/config of TAG")


@pytest.mark.parametrize(
    ("core", "sections", "key"),
    [
        ({"site_cache_dir": "../evil"}, {}, "core.site_cache_dir"),
        ({}, {"cache": {"dir": "../../other/.dvc/cache"}}, "cache.dir"),
        ({}, {"cache": {"dir": "/somewhere"}}, "cache.dir"),
        ({}, {"hydra": {"enabled": "true", "plugins_path": "evil"}}, "hydra."),
        ({}, {'remote "other"': {"url": "s3://b/x", "profile": "x"}}, "remote.other.profile"),
        ({}, {'machine "m"': {"cloud": "aws", "setup_script": "x"}}, "machine."),
        ({}, {"studio": {"url": "http://evil"}}, "studio."),
        ({}, {"unheard-of": {"a": "b"}}, "unheard-of."),
    ],
)  # fmt: skip
def test_other_settings_that_lead_outside_have_dvc_not_run(tmp_path, core, sections, key):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_bytes(config_of({"url": "/x"}, core=core, **sections))
    with pytest.raises(VersionError, match=f"sets `{key}"):
        run_dvc(tmp_path, "status")


def test_a_cache_elsewhere_that_git_names_is_neither_read_nor_emptied(released, tmp_path):
    other = tmp_path / "other" / "files" / "md5" / "00"
    other.mkdir(parents=True)
    (other / ("0" * 30)).write_text("of another project")
    commit_config(
        released.root,
        config_of({"url": "../.equipoise/remote"}, cache={"dir": str(tmp_path / "other")}),
    )
    with pytest.raises(VersionError, match=r"cache\.dir"):
        find_garbage(Git(released.root), "augmented", keep=0)
    assert cache_directory(released.root) == released.root / ".dvc" / "cache"
    # His own setting it may be.
    commit_config(released.root, config_of({"url": "../.equipoise/remote"}))
    (released.root / ".dvc" / "config.local").write_text(f"[cache]\ndir = {tmp_path / 'other'}\n")
    assert cache_directory(released.root) == tmp_path / "other"


@pytest.mark.parametrize("name", [".dvc/config.local", ".dvc/cache", ".dvc/tmp", ".equipoise"])
def test_what_belongs_to_one_machine_does_not_come_from_git(tmp_path, name):
    sh(tmp_path, "git", "init", "--quiet")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_bytes(config_of({"url": "s3://b/x"}))
    if name.endswith("local"):
        (tmp_path / name).write_text("['remote \"storage\"']\nprofile = x\n")
    else:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    refuse_foreign_settings(tmp_path)
    sh(tmp_path, "git", "add", "--force", name)
    with pytest.raises(VersionError, match=rf"git holds {name} .*git rm -r --cached"):
        refuse_foreign_settings(tmp_path)
    assert "profile" not in effective_remote(tmp_path).options
    sh(tmp_path, "git", "rm", "-r", "--cached", "--quiet", name)  # The remedy.
    refuse_foreign_settings(tmp_path)


def test_settings_of_the_user_keep_working(tmp_path):
    set_remote(tmp_path, "s3://bucket", {"profile": "mine", "endpointurl": NOWHERE, "jobs": "4"})
    refuse_foreign_settings(tmp_path)
    options = effective_remote(tmp_path).options
    assert (options["profile"], options["endpointurl"], options["jobs"]) == ("mine", NOWHERE, 4)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("gdrive://x/y", {}),
        ("s3://b", {"endpointurl": "localhost:9000"}),
        ("s3://b", {"port": "x"}),
    ],
)
def test_a_remote_that_no_consumer_could_use_is_refused_when_it_is_set(tmp_path, url, options):
    with pytest.raises(VersionError, match="The remote is left as it was"):
        set_remote(tmp_path, url, options)


def test_no_version_publishes_an_address_that_it_would_not_read(workspace, params):
    with pytest.raises(VersionError, match="nobody could pull from it"):
        published_config(Remote("storage", "gdrive://root/x"))
    (workspace.root / ".dvc" / "config.local").write_text(
        "['remote \"storage\"']\nurl = gdrive://root/x\n"
    )
    with pytest.raises(VersionError):
        release(workspace, params)
    assert sh(workspace.root, "git", "tag") == ""


def test_an_endpoint_is_only_taken_for_s3():
    content = config_of({"url": "gs://bucket/x", "endpointurl": "https://evil.example.org"})
    with pytest.raises(VersionError, match="credentials to another server"):
        remote_of_config(content, where="x")


@pytest.mark.parametrize("kind", ["device", "pipe", "large", "loop"])
@pytest.mark.parametrize("name", ["config", "config.local"])
@pytest.mark.parametrize(
    "line", [["verify"], ["remote", "show"], ["gc", "--keep", "1"]], ids=" ".join
)
def test_settings_without_an_end_are_not_read(released, monkeypatch, kind, name, line):
    """git holds links: one in a clone may lead to a device."""
    path = released.root / ".dvc" / name
    path.unlink(missing_ok=True)
    match kind:
        case "device":
            path.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case "large":
            path.write_bytes(b"#" * 2**20)
        case "loop":
            path.symlink_to(path)
    monkeypatch.setattr(Config, "load_one", lambda *_: pytest.fail("DVC reads it"))
    monkeypatch.chdir(released.root)
    told = CliRunner().invoke(app, line)
    assert told.exit_code == 2, told.output
    assert name in told.output
