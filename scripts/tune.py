"""`python -m scripts.tune [name=value ...]`: search hyperparameters with a tuning job and follow its trials to the end.

The role, the image, the data, the hyperparameters and their ranges are checked first: the service reports such errors
minutes later. When all trials would compute the same features, a separate job computes them first. Exit status 0 only
when the tuning job is Completed and has a best trial. Ctrl-C stops following the job; it keeps running."""

import argparse
import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.metric_lines import is_of_the_test_split
from scripts.aws.before_creation import before_creation
from scripts.aws.channels import channels
from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.image import image_uri
from scripts.aws.jobs import TUNING, how_to_follow
from scripts.aws.machines import of_tuning
from scripts.config import names
from scripts.config.hyperparameters import check_instances, check_ranges, parse_hyperparameters
from scripts.config.ranges import Range, ranges_of_request
from scripts.config.sections import Tune
from scripts.config.settings import Settings, load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence, explain
from scripts.console.make import make
from scripts.requests.tuning_job import WARM_START_TYPES, objective, tuning_job_request
from scripts.tuning.features import bring_features, plan_features
from scripts.tuning.job import describe_tuning
from scripts.tuning.result import show_result
from scripts.tuning.search import check_strategy, chosen_ranges, static_hyperparameters
from scripts.tuning.watch import watch_tuning

MOST_PARENTS = 5


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    args = _parser().parse_args(arguments)
    found = document(args.json)
    settings, stamp = load_settings(), names.timestamp()
    name = args.job_name or names.tuning_job(settings.prefix, stamp)
    if not names.is_tuning_job(settings.prefix, name):
        raise Failure(
            f"The tuning job's name {name} must begin with {names.tuning_prefix(settings.prefix)}-tune-, have at most "
            f"{names.LONGEST_TUNING_JOB} letters, digits and single hyphens between them, no second part tune, and not "
            "end as the name of a trial does, such as -001-1a2b3c4d."
        )
    ranges = chosen_ranges(settings.tune.ranges, args.range)
    static = static_hyperparameters(settings, parse_hyperparameters(args.hyperparameters), ranges)
    check_ranges(ranges, static)
    check_strategy(settings.tune, ranges, static)
    check_instances(settings.train.instance_count, static, ranges)
    aws = Aws(settings)
    common = {"role_arn": aws.role_arn, "image": image_uri(aws, "train")}
    pictures = channels(aws, settings)
    check_objective(settings, pictures)
    check_parents(aws, settings.tune, args.warm_start, ranges)
    if args.job_name and TUNING.find(aws, name):
        raise Failure(f"There is a tuning job {name} already. Choose another --job-name.")
    features = plan_features(aws, **common, channels=pictures, static=static, tuned=list(ranges), stamp=stamp)
    call = Call(
        "sagemaker",
        "CreateHyperParameterTuningJob",
        tuning_job_request(
            settings,
            aws.layout,
            name=name,
            **common,
            channels={"features": features.uri} if features else pictures,
            static=static,
            ranges=ranges,
            parents=args.warm_start,
            warm_start_type=args.warm_start_type,
        ),
    )
    if args.dry_run:
        found.write_text(as_json([*([features.call] if features and features.call else []), call]))
        return 0

    before_creation(aws, of_tuning(settings, with_features=bool(features and features.call)))
    if features:
        try:
            bring_features(aws, features)
        except KeyboardInterrupt:
            print(
                f"\n{features.job} keeps running: {how_to_follow(features.job)}. No trial was started: "
                f"`{make('tune')}` again uses "
                "its features",
                file=sys.stderr,
            )
            return 130
    try:
        aws.make(call)
        found.update(job=name, status="InProgress")
        print(f"started {name}; a trial's log: {make('logs')} ARGS=<its name>", file=sys.stderr)
        if args.no_wait:
            return 0
        tuning = watch_tuning(aws, name)
    except KeyboardInterrupt:
        print(f"\n{name} keeps running: {how_to_follow(name)}", file=sys.stderr)
        return 130
    try:
        why = show_result(aws, tuning, found)
    except (ClientError, BotoCoreError) as error:
        raise Failure(f"{explain(error)} {name} has ended: {make('logs')} ARGS={name} shows its trials.") from error
    if why:
        raise Failure(why)
    return 0


def check_objective(settings: Settings, found: dict[str, str]) -> None:
    """Raise Failure when no trial would print the objective. found: the channels that hold pictures."""
    if is_of_the_test_split(settings.tune.objective) and "test" not in found:
        raise Failure(
            f"tune.objective is {settings.tune.objective}, and there is no test split. Upload one, or choose another "
            "metric, such as valid_accuracy."
        )


def check_parents(aws: Aws, tune: Tune, parents: list[str], ranges: dict[str, Range]) -> None:
    """Raise Failure when a search over these ranges cannot begin with the trials of these tuning jobs.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html
    """
    if len(parents) > MOST_PARENTS:
        raise Failure(f"--warm-start takes at most {MOST_PARENTS} tuning jobs, not {len(parents)}.")
    if no_names := [parent for parent in parents if "=" in parent]:
        raise Failure(f"{no_names[0]} is no tuning job. Write hyperparameters before --warm-start.")
    for parent in parents:
        description = describe_tuning(aws, parent)
        status, config = description["HyperParameterTuningJobStatus"], description["HyperParameterTuningJobConfig"]
        if status not in ("Completed", "Stopped"):
            raise Failure(
                f"The tuning job {parent} is {status}, and a search begins with one that is Completed or Stopped. "
                "Name another."
            )
        if (was := config["HyperParameterTuningJobObjective"]) != (wanted := objective(tune)):
            raise Failure(
                f"The tuning job {parent} has the objective {_words(was)}, and this search {_words(wanted)}: they "
                "must be the same. "
                "Name another, or set tune.objective."
            )
        if (count := len(ranges_of_request(config["ParameterRanges"]))) != len(ranges):
            raise Failure(
                f"The tuning job {parent} tuned {count} hyperparameters, and this search {len(ranges)}: the number "
                "must be the same. Name another, or change the ranges with --range."
            )


def _words(objective: dict[str, Any]) -> str:
    return f"{objective['Type']} {objective['MetricName']}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tune",
        description="Search hyperparameters: many training jobs, each with other values from the ranges in "
        "[tune.ranges].",
    )
    add = parser.add_argument
    add(
        "hyperparameters",
        nargs="*",
        metavar="name=value",
        help="the same in every trial, such as epochs=20. A range comes "
        "before a value of its name in [hyperparameters] of sagemaker.toml; a value that is given here must have no "
        "range",
    )
    add(
        "--range",
        action="append",
        default=[],
        metavar="RANGE",
        help="name=0.0001..0.1:log (scales auto, linear, log, reverse-log; "
        "whole numbers unless :float) or name=32,64,128, in the place of the settings' range; name= leaves it out. As "
        "often as needed",
    )
    add(
        "--warm-start",
        nargs="+",
        default=[],
        metavar="NAME",
        help=f"begin with the trials of up to {MOST_PARENTS} earlier tuning jobs",
    )
    add(
        "--warm-start-type",
        choices=WARM_START_TYPES,
        default=WARM_START_TYPES[0],
        help="default: %(default)s, which allows another "
        "image and other data; the objective and the number of hyperparameters must be the parents' in both",
    )
    add("--job-name", help="default: <prefix>-tune-<UTC time>")
    add(
        "--no-wait",
        action="store_true",
        help="start the tuning job and end; a job for the features of all trials is waited for",
    )
    add("--dry-run", action="store_true", help="print the requests, start nothing")
    add_json_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
