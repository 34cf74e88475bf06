"""Fields that have no effect on one machine are taken and named; with --strict they are refused by name."""

import pytest
from botocore.model import Shape

from local_test.api.errors import ValidationException
from local_test.api.request_validation import operations
from local_test.api.supported_fields import WITHOUT_EFFECT, check_supported, without_effect, without_effect_line

EVERY = [(operation, field) for operation, fields in WITHOUT_EFFECT.items() for field in fields]
TEXT = "a"


def shape_of(operation: str, field: str) -> Shape:
    """Raises KeyError for a field that AWS does not have."""
    shape = operations()[operation].input_shape
    for step in field.split("."):
        shape = shape.members[step.removesuffix("[]")]
        if step.endswith("[]"):
            shape = shape.member
    return shape


def example(shape: Shape):
    """A value of the shape that asks for something."""
    if shape.type_name == "structure":
        return {name: example(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [example(shape.member)]
    return {"boolean": True, "string": TEXT}.get(shape.type_name, 1)


def request_with(field: str, value) -> tuple[dict, dict]:
    """A request with the one field, and a table that supports what it stands in but not the field itself."""
    steps = field.split(".")
    request, supported = {steps[-1]: value}, {}
    for step in reversed(steps[:-1]):
        name, of_list = step.removesuffix("[]"), step.endswith("[]")
        request, supported = {name: [request] if of_list else request}, {name: [supported] if of_list else supported}
    return request, supported


@pytest.mark.parametrize(("operation", "field"), EVERY)
def test_a_field_without_effect_is_taken_and_named(operation, field):
    request, supported = request_with(field, example(shape_of(operation, field)))
    check_supported(request, supported, operation)
    assert without_effect(operation, request) == [field]


@pytest.mark.parametrize(("operation", "field"), EVERY)
def test_strict_refuses_a_field_without_effect_by_name(operation, field):
    request, supported = request_with(field, example(shape_of(operation, field)))
    with pytest.raises(ValidationException) as refused:
        check_supported(request, supported, operation, strict=True)
    assert refused.value.message.startswith(f"{field.replace('[]', '[0]')} has no effect in the local SageMaker")


@pytest.mark.parametrize(
    ("operation", "field", "value"),
    [(operation, field, value) for operation, field in EVERY for value in (*WITHOUT_EFFECT[operation][field], None)],
)
def test_a_value_that_asks_for_nothing_is_taken_by_strict_too_and_not_named(operation, field, value):
    request, supported = request_with(field, value)
    check_supported(request, supported, operation, strict=True)
    assert without_effect(operation, request) == []


def test_a_field_of_another_operation_is_refused():
    with pytest.raises(ValidationException, match="does not support CoreDumpConfig"):
        check_supported({"CoreDumpConfig": {}}, {}, "CreateEndpointConfig")
    with pytest.raises(ValidationException, match=r"does not support ShadowProductionVariants\[0\].CoreDumpConfig"):
        check_supported(
            {"ShadowProductionVariants": [{"CoreDumpConfig": {}}]},
            {"ShadowProductionVariants": [{}]},
            "CreateEndpointConfig",
        )


def test_a_field_of_the_second_variant_is_named_once():
    variants = [{"VariantName": "a"}, {"EnableSSMAccess": True}, {"EnableSSMAccess": True}]
    found = without_effect("CreateEndpointConfig", {"ProductionVariants": variants, "KmsKeyId": "key"})
    assert found == ["KmsKeyId", "ProductionVariants[].EnableSSMAccess"]
    assert without_effect_line(found).endswith("this machine: KmsKeyId, ProductionVariants[].EnableSSMAccess.")
