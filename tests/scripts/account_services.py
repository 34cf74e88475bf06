"""Service Quotas and the price list, as a test writes them down: moto has neither of SageMaker."""

import json

import pytest

from scripts.aws import before_creation
from tests.scripts.sagemaker_stand_in import Refusal, StandIn, serve

TRAINING = "ml.g4dn.xlarge for training job usage"
ASKED = ("GetServiceQuota", "GetAWSDefaultServiceQuota", "ListServiceQuotas", "GetProducts")
CODES = {
    TRAINING: "L-3F53BF0F",
    "ml.g4dn.xlarge for spot training job usage": "L-944F78BB",
    "ml.g4dn.xlarge for endpoint usage": "L-B67CFA0C",
    "ml.g4dn.xlarge for transform job usage": "L-4C5C5CA8",
}


def quota(name: str, value: float, code: str | None = None) -> dict:
    return {"ServiceCode": "sagemaker", "QuotaName": name, "QuotaCode": code or CODES[name], "Value": value}


def quotas_are(value: float):
    """GetServiceQuota's answers: every quota that CODES has is this."""
    names = {code: name for name, code in CODES.items()}
    return lambda request: {"Quota": quota(names[request["QuotaCode"]], value)}


def product(component: str, usd: str, unit: str = "Hrs", instance: str = "ml.g4dn.xlarge") -> str:
    """A product of the price list's, as GetProducts has it: JSON in a string."""
    dimension = {"unit": unit, "pricePerUnit": {"USD": usd}, "description": f"{usd} per Hours for {instance}"}
    attributes = {"instanceName": instance, "platoinstancetype": component, "regionCode": "eu-west-1"}
    return json.dumps(
        {
            "product": {"productFamily": "ML Instance", "sku": component, "attributes": attributes},
            "serviceCode": "AmazonSageMaker",
            "terms": {"OnDemand": {"X.JRTCKXETXF": {"priceDimensions": {"X.JRTCKXETXF.6YS6EN2CT7": dimension}}}},
        }
    )


PRODUCTS = [product("Training", "0.8000000000"), product("Hosting", "1.0000000000"), product("BatchTransform", "0.9")]


@pytest.fixture(scope="session")
def served_offices():
    """The stand-ins by name, and the environment in which programs find them."""
    served = {name: StandIn(name) for name in ("service-quotas", "pricing")}
    servers = {name: serve(one) for name, one in served.items()}
    found_by = {
        f"AWS_ENDPOINT_URL_{name.replace('-', '_').upper()}": f"http://127.0.0.1:{one.server_port}"
        for name, one in servers.items()
    }
    yield served, found_by
    for one in servers.values():
        one.shutdown()
        one.server_close()


@pytest.fixture
def closed_offices(served_offices):
    """An account that does not tell: what every program meets that asks, unless a test says more."""
    served, found_by = served_offices
    for one in served.values():
        one.forget()
        one.answers = dict.fromkeys(ASKED, Refusal("AccessDeniedException", "Not for you."))
    return found_by


@pytest.fixture
def offices(aws, served_offices, monkeypatch, tmp_path):
    """Both, in a folder of its own: quotas of 1,000, and prices. They are waited for however busy this machine is."""
    served, _ = served_offices
    for one in served.values():
        one.forget()
    served["service-quotas"].answers["GetServiceQuota"] = quotas_are(1000)
    served["pricing"].answers["GetProducts"] = {"FormatVersion": "aws_v1", "PriceList": PRODUCTS}
    monkeypatch.setattr(before_creation, "SECONDS_FOR_ANSWERS", 60)
    monkeypatch.chdir(tmp_path)
    return served


@pytest.fixture
def quotas(offices):
    return offices["service-quotas"]


@pytest.fixture
def price_list(offices):
    return offices["pricing"]
