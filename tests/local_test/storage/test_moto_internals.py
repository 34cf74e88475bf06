"""What an upgrade of moto takes away is said at the start, in a sentence, and not by a request that goes wrong."""

import subprocess
import sys

import pytest
from moto.s3.models import FakeKey, S3Backend

from local_test.storage.moto_internals import USED, check_moto


@pytest.mark.parametrize("part", USED)
def test_this_version_of_moto_has_all_that_is_used(part):
    check_moto(part)


def test_a_method_that_is_gone_is_named_with_the_next_step(monkeypatch):
    monkeypatch.delattr(S3Backend, "upload_part_copy")
    with pytest.raises(ImportError, match=r"moto 5\S+ has no moto\.s3\.models\.S3Backend\.upload_part_copy.* install "):
        check_moto("s3")


def test_an_attribute_that_construction_no_longer_sets_is_named(monkeypatch):
    def init(self, name, value):
        self.name = name

    monkeypatch.setattr(FakeKey, "__init__", init)
    with pytest.raises(ImportError, match=r"has no moto\.s3\.models\.FakeKey\.\w+"):
        check_moto("keys")


@pytest.mark.parametrize(
    "module, owner, name",
    [
        ("local_test.storage.moto_keys", "moto.s3.models.FakeKey", "set_metadata"),
        ("local_test.storage.moto_s3", "moto.s3.models.FakeMultipart", "complete"),
        ("local_test.storage.moto_s3", "moto.s3.responses.S3Response", "key_response"),
        ("local_test.storage.log_groups", "moto.logs.models.LogsBackend", "ensure_log_group"),
        ("local_test.storage.metrics", "moto.cloudwatch.models.CloudWatchBackend", "put_metric_data"),
        ("local_test.registry.ecr", "moto.ecr.models.ECRBackend", "_resolve_image_tag_mutability"),
    ],
)
def test_each_part_checks_when_it_is_imported(module, owner, name):
    parent, _, cls = owner.rpartition(".")
    program = f"import {parent} as m; del m.{cls}.{name}; import {module}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1 and f"has no {owner}.{name}" in done.stderr.splitlines()[-1]
