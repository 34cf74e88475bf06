"""Where a price comes from: the settings, what was kept, AWS's price list."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from scripts.aws import prices
from scripts.aws.clients import Aws
from scripts.aws.prices import components_of, price_of
from scripts.config.settings import load_settings
from tests.scripts.account_services import PRODUCTS, product
from tests.scripts.sagemaker_stand_in import Refusal

TYPE = "ml.g4dn.xlarge"


@pytest.fixture
def account(price_list):
    return Aws(load_settings())


def test_the_price_list_is_asked_for_the_type_in_the_region_once(account, price_list):
    assert price_of(account, TYPE, "Training") == 0.8
    [(operation, request)] = price_list.calls
    assert (operation, request["ServiceCode"]) == ("GetProducts", "AmazonSageMaker")
    assert {one["Field"]: one["Value"] for one in request["Filters"]} == {
        "instanceName": TYPE,
        "regionCode": "eu-west-1",
    }
    assert price_of(account, TYPE, "Hosting") == 1.0 and price_of(account, TYPE, "BatchTransform") == 0.9
    assert len(price_list.calls) == 1, "the answer lies in out/prices.json"
    assert price_of(account, "ml.g5.xlarge", "Training") == 0.8 and len(price_list.calls) == 2


def test_what_was_kept_is_asked_anew_after_a_month(account, price_list):
    price_of(account, TYPE, "Training")
    kept = json.loads(prices.FILE.read_text())
    long_ago = datetime.now(UTC).date() - timedelta(days=prices.KEPT_DAYS)
    kept[f"eu-west-1 {TYPE}"]["asked"] = long_ago.isoformat()
    prices.FILE.write_text(json.dumps(kept))
    price_of(account, TYPE, "Training")
    assert len(price_list.calls) == 2


@pytest.mark.parametrize(
    "kept", ["no JSON", "[]", '{"eu-west-1 ml.g4dn.xlarge": 3}', '{"eu-west-1 ml.g4dn.xlarge": {}}']
)
def test_a_file_that_something_else_wrote_is_asked_over(account, kept):
    prices.FILE.parent.mkdir()
    prices.FILE.write_text(kept)
    assert price_of(account, TYPE, "Training") == 0.8


def test_a_folder_that_cannot_be_written_keeps_nobody_from_a_price(account, tmp_path):
    (tmp_path / "out").write_text("a file in the place of the folder")
    assert price_of(account, TYPE, "Training") == 0.8


def test_the_settings_come_before_the_price_list(account, price_list, monkeypatch):
    settings = load_settings()
    own = settings.model_copy(update={"costs": settings.costs.model_copy(update={"prices": {TYPE: 0.5}})})
    assert price_of(Aws(own), TYPE, "Training") == 0.5 and price_list.calls == []


def test_one_who_may_not_ask_is_told_and_nothing_is_kept(account, price_list):
    price_list.answers["GetProducts"] = Refusal("AccessDeniedException", "No.")
    with pytest.raises(ClientError):
        price_of(account, TYPE, "Training")
    assert not prices.FILE.exists() and len(price_list.calls) == 1, "it is asked once, not again and again"


def test_of_the_products_those_by_the_hour_that_cost_something_count():
    found = components_of(
        json.loads(one)
        for one in [*PRODUCTS, product("Notebook", "0.0000000000"), product("Hosting-Storage", "0.1", unit="GB-Mo")]
    )
    assert found == {"Training": 0.8, "Hosting": 1.0, "BatchTransform": 0.9}
    without_terms = {"product": {"attributes": {"component": "Batch Transform"}}, "terms": {}}
    assert components_of([without_terms]) == {}
