import io
import stat

import boto3
import pytest
from moto.server import ThreadedMotoServer

from pipeline.errors import TransferError, VersionError
from pipeline.params import load_params
from pipeline.versions.git import Git
from pipeline.versions.listing import list_releases
from pipeline.versions.pull import pull
from pipeline.versions.release import release
from pipeline.versions.remote import Remote, effective_remote, published_config, remote_of_config
from pipeline.versions.remote_settings import set_remote
from pipeline.versions.setup import make_repository
from pipeline.versions.store import open_store, read_back
from pipeline.versions.verification import verify
from pipeline.workspace import verify_manifest
from tests.versions.conftest import dvc, finish, sh

KEY, SECRET = "AKIAEXAMPLEKEYID", "a-secret-that-must-stay-here"


def shared(root):
    return (root / ".dvc" / "config").read_text()


def local(root):
    return root / ".dvc" / "config.local"


def test_a_remote_is_written_with_verify_and_made_the_default(tmp_path):
    set_remote(tmp_path, "s3://bucket/folder", {"region": "eu-central-1"})
    remote = effective_remote(tmp_path)
    assert (remote.url, remote.options["verify"]) == ("s3://bucket/folder", True)
    assert "region = eu-central-1" in shared(tmp_path)


def test_secrets_are_the_owners_alone_and_never_on_gits_side(tmp_path):
    set_remote(tmp_path, "s3://bucket", {"access_key_id": KEY, "secret_access_key": SECRET})
    assert SECRET in local(tmp_path).read_text()
    assert stat.S_IMODE(local(tmp_path).stat().st_mode) == 0o600
    assert SECRET not in shared(tmp_path)
    assert KEY not in shared(tmp_path)
    assert "config.local" not in sh(tmp_path, "git", "status", "--porcelain", "-uall")


def test_a_password_in_a_url_moves_out_of_it(tmp_path):
    set_remote(tmp_path, "webdavs://jane:p%40ss@host/data", {})
    assert "jane" not in shared(tmp_path)
    remote = effective_remote(tmp_path)
    assert (remote.url, remote.options["password"]) == ("webdavs://host/data", "p@ss")


def test_a_change_of_remote_leaves_no_option_of_the_old_one(tmp_path):
    set_remote(tmp_path, "s3://bucket", {"region": "x", "secret_access_key": SECRET})
    set_remote(tmp_path, str(tmp_path / "folder"), {})
    assert SECRET not in local(tmp_path).read_text()
    assert "region" not in shared(tmp_path)


def test_what_dvc_does_not_accept_is_refused_and_changes_nothing(tmp_path):
    make_repository(tmp_path)
    before = shared(tmp_path), local(tmp_path).read_text()
    with pytest.raises(VersionError, match="cannot be used"):
        set_remote(tmp_path, "s3://bucket", {"no_such_option": "1"})
    assert (shared(tmp_path), local(tmp_path).read_text()) == before


def test_a_published_configuration_holds_no_secret_and_reads_back():
    options = {"endpointurl": "http://x", "secret_access_key": SECRET, "profile": "mine"}
    content = published_config(Remote("storage", "https://jane:pw@host/x", options))
    for secret in (SECRET, "pw", "jane", "mine"):
        assert secret.encode() not in content
    remote = remote_of_config(content, where="here")
    assert remote.url == "https://host/x"
    assert remote.options["endpointurl"] == "http://x"


def test_secrets_are_scrubbed_from_what_dvc_says():
    remote = Remote("storage", "https://jane:pw@host", {"secret_access_key": SECRET})
    text = remote.scrub(f"cannot reach https://jane:pw@host with {SECRET}")
    assert text == "cannot reach https://host with ***"


@pytest.fixture(scope="module")
def s3():
    """A server of the S3 protocol on loopback, with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket="bucket")
    yield endpoint, client
    server.stop()


@pytest.fixture
def in_s3(workspace, s3, monkeypatch):
    """A finished run whose data go to S3; only its own configuration knows the keys."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    set_remote(workspace.root, "s3://bucket/data", {"endpointurl": s3[0], **keys})
    return workspace


def test_a_version_in_s3_is_released_pulled_verified_and_mended(in_s3, s3, tmp_path, monkeypatch):
    told = []
    outcome = release(in_s3, load_params(in_s3.params_file), on_line=told.append)
    git = Git(in_s3.root)
    (one,) = list_releases(git, "augmented")
    assert verify(git, [one], read_data=True).problems == []

    # No secret in anything that leaves this machine.
    everything = git.run_bytes("cat-file", "--batch-all-objects", "--batch")
    assert outcome.tag.encode() in everything
    assert SECRET.encode() not in everything
    assert SECRET not in repr((told, outcome))

    # A damaged object is found, refused, and mended from the cache.
    client = s3[1]
    listed = client.list_objects_v2(Bucket="bucket", Prefix="data/files/md5")["Contents"]
    largest = max(listed, key=lambda entry: entry["Size"])
    client.put_object(Bucket="bucket", Key=largest["Key"], Body=b"x" * largest["Size"])
    (problem,) = verify(git, [one], read_data=True).problems
    assert problem.place == "remote"
    with pytest.raises(VersionError, match="damaged"):
        pull(git, one, tmp_path / "refused")
    assert verify(git, [one], read_data=True, repair=True).problems == []

    # A consumer with credentials of his own needs the repository alone.
    sh(tmp_path, "git", "clone", "--quiet", "--bare", str(in_s3.root), "bare.git")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "consumer")
    bare = Git(tmp_path / "bare.git")
    pull(bare, list_releases(bare, "augmented")[0], tmp_path / "pulled")
    verify_manifest(tmp_path / "pulled")
    dvc(tmp_path, "get", "bare.git", "data/augmented", "--rev", one.tag, "-o", "plain")
    verify_manifest(tmp_path / "plain")


def test_what_was_damaged_in_s3_is_found_by_the_next_release_and_never_read_beyond_its_size(
    in_s3, s3, tmp_path
):
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    set_remote(in_s3.root, "s3://bucket/damage", {"endpointurl": s3[0], **keys})
    release(in_s3, load_params(in_s3.params_file))
    finish(in_s3.root, seed=1)
    client = s3[1]
    listed = client.list_objects_v2(Bucket="bucket", Prefix="damage/files/md5")["Contents"]
    for entry in listed:
        client.put_object(Bucket="bucket", Key=entry["Key"], Body=b"x" * entry["Size"])
    with pytest.raises(VersionError, match="holds damaged data, which earlier versions need"):
        release(in_s3, load_params(in_s3.params_file))
    git = Git(in_s3.root)
    (one,) = list_releases(git, "augmented")
    assert len(verify(git, [one], repair=True).problems) == 0
    for entry in listed:
        if not entry["Key"].endswith(".dir"):
            client.put_object(Bucket="bucket", Key=entry["Key"], Body=b"x" * (entry["Size"] + 1))
    with pytest.raises(VersionError, match=r"is longer than the [0-9,]+ bytes"):
        pull(git, one, tmp_path / "refused")


def test_a_server_out_of_reach_is_told_without_a_traceback(in_s3):
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    set_remote(in_s3.root, "s3://bucket/data", {"endpointurl": "http://127.0.0.1:9", **keys})
    store = open_store(effective_remote(in_s3.root))
    with pytest.raises(TransferError, match="s3://bucket/data cannot be used"):
        store.sizes(["0" * 32])


class CutOff(io.RawIOBase):
    """An object that the network stops in the middle of."""

    def __init__(self):
        self.answers = [b"the first bytes"]

    def read(self, _=-1):
        if not self.answers:
            raise ConnectionResetError("Connection lost")
        return self.answers.pop()


def test_a_connection_that_is_lost_amid_an_object_may_be_tried_again(in_s3, monkeypatch):
    store = open_store(effective_remote(in_s3.root))
    monkeypatch.setattr(store._files, "open", lambda *_: CutOff())
    with pytest.raises(TransferError, match=r"cannot be used: Connection lost\."):
        read_back(store, ["0" * 32])


def test_a_bucket_that_does_not_exist_is_told_and_nothing_is_released(in_s3, s3):
    keys = {"access_key_id": KEY, "secret_access_key": SECRET}
    set_remote(in_s3.root, "s3://nowhere", {"endpointurl": s3[0], **keys})
    with pytest.raises(VersionError, match="nothing was released") as refused:
        release(in_s3, load_params(in_s3.params_file))
    assert SECRET not in str(refused.value)
    assert sh(in_s3.root, "git", "tag") == ""
