"""`python -m scripts.train [name=value ...]`: start a training job and follow it to its end.

The role, the image, the data and the hyperparameters are checked first: the service reports such errors minutes later.
Exit status 0 only when the job is Completed. Ctrl-C stops following the job; it keeps running.
"""

import argparse
import sys

from contract.feature_sharing import makes_features
from scripts.aws.before_creation import before_creation
from scripts.aws.channels import channels
from scripts.aws.clients import Aws, Call, as_json
from scripts.aws.image import image_uri
from scripts.aws.jobs import TRAINING, failure_of, how_to_follow, watch
from scripts.aws.machines import of_training
from scripts.config import names
from scripts.config.hyperparameters import check_hyperparameters, check_instances, parse_hyperparameters
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.make import make
from scripts.requests.instances import instance_count
from scripts.requests.training_job import training_job_request
from scripts.tuning.job import find_winner, hyperparameters_of
from scripts.tuning.table import trial_line


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="train", description="Start a training job and follow it.")
    parser.add_argument("hyperparameters", nargs="*", metavar="name=value", help="such as epochs=20 batch-size=32")
    parser.add_argument(
        "--from-tuning",
        nargs="?",
        const="",
        metavar="NAME",
        help="with the hyperparameters of this tuning job's best trial (default: "
        "of the newest that is Completed); name=value, written before this option, comes before them",
    )
    parser.add_argument("--job-name", help="default: <prefix>-train-<UTC time>")
    parser.add_argument("--no-wait", action="store_true", help="start the job and end")
    parser.add_argument("--dry-run", action="store_true", help="print the request, start nothing")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    found = document(args.json)
    settings = load_settings()
    name = args.job_name or names.training_job(settings.prefix, names.timestamp())
    if not names.is_training_job(settings.prefix, name):
        raise Failure(
            f"The job's name {name} must begin with {settings.prefix}-train-, go on with a letter or a digit, and have "
            "at most 63 letters, digits, and hyphens between them."
        )
    hyperparameters = parse_hyperparameters(args.hyperparameters)
    if args.from_tuning and "=" in args.from_tuning:
        raise Failure(f"{args.from_tuning} is no tuning job. Write hyperparameters before --from-tuning.")
    aws = Aws(settings)
    if args.from_tuning is not None:
        tuning, best = find_winner(aws, args.from_tuning or None)
        print(f"with the hyperparameters of {trial_line(tuning, best)}", file=sys.stderr)
        hyperparameters = {**hyperparameters_of(tuning, best), **hyperparameters}
    request = training_job_request(
        settings,
        aws.layout,
        name=name,
        role_arn=aws.role_arn,
        image=image_uri(aws, "train"),
        region=aws.region,
        channels=channels(aws, settings),
        hyperparameters=hyperparameters,
    )
    check_hyperparameters(request["HyperParameters"])
    check_instances(settings.train.instance_count, request["HyperParameters"])
    call = Call("sagemaker", "CreateTrainingJob", request)
    if args.dry_run:
        found.write_text(as_json([call]))
        return 0

    before_creation(aws, of_training(settings))
    try:
        aws.make(call)
        found.update(job=name, status="InProgress")
        print(f"started {name}", file=sys.stderr)
        if settings.train.shell:
            print(
                f"for a shell in it: aws ssm start-session --target sagemaker-training-job:{name}_algo-1; of the local "
                "SageMaker the job's log says how",
                file=sys.stderr,
            )
        if args.no_wait:
            return 0
        ended = watch(aws, TRAINING, name)
    except KeyboardInterrupt:
        print(f"\n{name} keeps running: {how_to_follow(name)}", file=sys.stderr)
        return 130
    metrics = {one["MetricName"]: one["Value"] for one in ended.get("FinalMetricDataList", [])}
    each, count = ended.get("BillableTimeInSeconds"), instance_count(ended.get("ResourceConfig", {}))
    billed = None if each is None else each * count
    found.update(status=ended["TrainingJobStatus"], metrics=metrics, billed_seconds=billed)
    if why := failure_of(ended, TRAINING):
        raise Failure(why)
    figures = " ".join(f"{metric}={value:.4g}" for metric, value in metrics.items())
    made = ended["ModelArtifacts"]["S3ModelArtifacts"]
    if makes_features(request["HyperParameters"]):
        found.update(features=made)
        left = f"features, and no model: {made}"
    else:
        found.update(model=made)
        left = f"model: {made}\nnext: {make('deploy')}"
    cost = f", {billed:,} s billed" if billed is not None else ""
    if cost and count > 1:
        cost += f" ({count} instances of {each:,} s)"
    print(f"{name} is Completed{cost}. {figures}\n{left}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
