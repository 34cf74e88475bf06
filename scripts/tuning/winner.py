"""The hyperparameters with which a tuning job's best trial ran."""

from scripts.aws.clients import Aws
from scripts.aws.jobs import TUNING
from scripts.console.failure import Failure
from scripts.console.make_prefix import make
from scripts.tuning.job import Trial, Tuning, read_tuning


def hyperparameters_of(tuning: Tuning, trial: Trial) -> dict[str, str]:
    """Those of every trial, then its own, as the service has them."""
    return {**tuning.static, **trial.hyperparameters}


def find_winner(aws: Aws, name: str | None) -> tuple[Tuning, Trial]:
    """The tuning job (default: the newest Completed) and its best trial. Raises Failure without one."""
    if name is None:
        newest = next(TUNING.newest_first(aws, StatusEquals="Completed"), None)
        if newest is None:
            raise Failure(f"No tuning job of {aws.settings.prefix} is Completed in {aws.region}. Run `{make('tune')}`.")
        name = newest["HyperParameterTuningJobName"]
    tuning = read_tuning(aws, name)
    if tuning.best_trial is None:
        raise Failure(
            f"The tuning job {name} is {tuning.status} and has no best trial. `{make('logs')} ARGS={name}` shows its "
            "trials."
        )
    return tuning, tuning.best_trial
