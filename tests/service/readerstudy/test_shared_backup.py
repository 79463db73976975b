"""A backup holds what lies in the bucket, and a restore fills a bucket of its own."""

import dataclasses
import json
import shutil
import tarfile

import pytest

from tests.instances import make_instance
from tests.s3_server import new_bucket
from tests.service.readerstudy.test_backup import LOOK, MAKE

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def made(s3_server, tmp_path_factory):
    """A study whose files are in the bucket and nowhere else, and a backup of its instance."""
    bucket = new_bucket(s3_server)
    instance = make_instance(tmp_path_factory.mktemp("first") / "data", **bucket.environment)
    instance.python("manage.py", "migrate", "--verbosity", "0")
    facts = json.loads(instance.python("-c", MAKE).splitlines()[-1])
    assert "published" in instance.python("manage.py", "share_files")
    for name in ("patch_sets", "studies"):
        shutil.rmtree(instance.data / name)
    file = tmp_path_factory.mktemp("backup") / "instance.tar"
    instance.python("manage.py", "backup", str(file))
    return facts, file, bucket


def test_it_comes_back_whole_in_another_folder_of_the_bucket(made, tmp_path):
    facts, file, bucket = made
    other = dataclasses.replace(bucket, prefix="restored")
    instance = make_instance(tmp_path / "data", **other.environment)
    said = instance.python("manage.py", "restore", str(file))
    assert "4 published" in said  # three patch sets and the pixels of the study
    for name in ("patch_sets", "studies"):
        shutil.rmtree(instance.data / name)
    assert "nothing differs" in instance.python("manage.py", "verify_study", facts["slug"]).lower()
    found = json.loads(instance.python("-c", LOOK, facts["link"]))
    assert found == [facts["fingerprint"], ["fake", "real"], "Rosa Radiologist"]


def test_its_names_are_those_of_the_data_folder(made):
    facts, file, _ = made
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert f"studies/{facts['slug']}/cases.npy" in names
    assert not [name for name in names if ".shared.json" in name]


def test_a_bucket_that_holds_files_is_left_alone(made, tmp_path):
    _, file, bucket = made
    instance = make_instance(tmp_path / "data", **bucket.environment)
    assert "already holds files; restore with a STORAGE_URL that names an empty folder" in instance.refusal(
        "restore", str(file)
    )
