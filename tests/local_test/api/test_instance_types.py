"""Which instance types have storage of their own."""

import pytest

from local_test.api.request_validation import has_local_storage, operations

OWN = {
    *("g4dn", "g5", "g6", "g6e", "g7", "g7e", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300"),
    *("p6e-gb200", "r5d", "trn1", "trn1n", "trn2"),
}


@pytest.mark.parametrize("kind", ["ml.m6gd.large", "ml.c5d.xlarge", "ml.gr6.xlarge", "ml.r7gd.large"])
def test_types_of_endpoints_alone_are_known(kind):
    assert has_local_storage(kind)


def test_every_training_instance_is_one_or_the_other():
    resources = operations()["CreateTrainingJob"].input_shape.members["ResourceConfig"]
    families = {kind.split(".")[1]: kind for kind in resources.members["InstanceType"].enum}
    assert {family for family, kind in families.items() if has_local_storage(kind)} == OWN
