"""What the demo trains with: nothing to download, one feature bank for all trials, a time that grows little."""

import pytest

from contract import hyperparameters
from contract.feature_sharing import keeping_apart, trains_on_features
from contract.hyperparameters import EMBEDDED_ARCH
from local_test.demo.demo_recipe import MOST_VIEWS, PHOTOGRAPH_VIEWS, RANGES, recipe_for


@pytest.mark.parametrize("pictures", [1, 600, 1_270, 6_680, 14_000, 1_000_000])
def test_every_data_set_has_a_recipe_that_the_program_takes_and_whose_trials_share_their_features(pictures):
    recipe = recipe_for(pictures, PHOTOGRAPH_VIEWS)
    assert hyperparameters.parse(recipe).arch == EMBEDDED_ARCH
    assert trains_on_features(recipe)
    assert keeping_apart(recipe, [one.partition("=")[0] for one in RANGES]) == []


@pytest.mark.parametrize("pictures", [1, 600, 1_270, 6_680, 14_000])
def test_more_pictures_get_fewer_views_and_epochs(pictures):
    few, many = (hyperparameters.parse(recipe_for(count, PHOTOGRAPH_VIEWS)) for count in (pictures, 4 * pictures))
    assert few.feature_views >= many.feature_views >= 1 and few.epochs >= many.epochs >= 5
    assert pictures * few.feature_views <= max(MOST_VIEWS, pictures)


def test_the_photographs_of_ten_breeds_get_every_view():
    assert hyperparameters.parse(recipe_for(1_270, PHOTOGRAPH_VIEWS)).feature_views == PHOTOGRAPH_VIEWS
