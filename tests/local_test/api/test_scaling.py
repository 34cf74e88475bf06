"""Application Auto Scaling here: the copies of inference components are a target, and that nothing scales is said."""

from moto.applicationautoscaling import models

from local_test.api.moto_additions import COPIES_OF_A_COMPONENT, add_copies_of_components, said_of_target


def test_copies_of_a_component_are_a_target_beside_all_that_moto_knows():
    known = {one.value for one in models.ScalableDimensionValueSet}
    add_copies_of_components()
    add_copies_of_components()  # of a second region
    assert {one.value for one in models.ScalableDimensionValueSet} == known | {COPIES_OF_A_COMPONENT}
    assert models._target_params_are_valid("sagemaker", "inference-component/dogs", COPIES_OF_A_COMPONENT)


def test_what_is_registered_is_said_in_the_log_of_the_component_or_the_endpoint():
    group, line = said_of_target({"ServiceNamespace": "sagemaker", "ResourceId": "inference-component/dogs"})
    assert group == "/aws/sagemaker/InferenceComponents/dogs" and "the copies stay as many as they are" in line
    group, line = said_of_target({"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/dogs/variant/AllTraffic"})
    assert group == "/aws/sagemaker/Endpoints/dogs" and "the instances stay as many as they are" in line


def test_nothing_is_said_of_another_services_target():
    assert said_of_target({"ServiceNamespace": "dynamodb", "ResourceId": "table/dogs"}) is None
    assert said_of_target({"ServiceNamespace": "sagemaker", "ResourceId": "something/dogs"}) is None
    assert said_of_target({}) is None
