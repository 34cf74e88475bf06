"""`python -m scripts.doctor`: a table of what the AWS account lacks for the scripts, and what to do about each.

Asks AWS and changes nothing. Exit status 0, whatever it finds there; 1 for settings that no script can work with.
"""

import argparse
import sys

from botocore.config import Config
from botocore.exceptions import BotoCoreError

from contract.checks import run_checks
from contract.findings import Finding, ok, problem, table, terminal_columns, warning
from scripts.aws import account_checks, bucket_key
from scripts.aws.clients import Aws
from scripts.aws.policy_documents import places_of
from scripts.config.settings import Settings, load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.waits import Wait

FIRST_SECONDS, SECONDS = 4.0, 5.0  # for whose the credentials are; then for all the rest, side by side
# One attempt: what does not answer at once is a finding.
CONFIG = Config(connect_timeout=3, read_timeout=4, retries={"total_max_attempts": 1}, max_pool_connections=32)


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="doctor", description="Say what the AWS account lacks for the scripts.")
    add_json_option(parser)
    found = document(parser.parse_args(arguments).json)
    columns, encoding = terminal_columns(), sys.stdout.encoding
    try:
        settings = load_settings()
    except Failure as failure:
        step = "Mend these lines; what a key may be is in sagemaker.toml's comments."
        told = [problem("settings", str(failure), step)]
        status = 1
    else:
        with Wait("the checks of the AWS account", is_told=True):
            told = [ok("settings", "sagemaker.toml is valid."), *findings(settings)]
        status = 0
    found.update(findings=[vars(one) for one in told])
    print(table("AWS", told, columns, encoding))
    return status


def findings(settings: Settings) -> list[Finding]:
    """Within some nine seconds."""
    try:
        aws = Aws(settings, CONFIG)
    except Failure as failure:
        said, _, step = str(failure).partition(". ")
        return [warning("region", f"{said}. Only AWS needs one, nothing that runs on this machine.", step)]
    except BotoCoreError as error:  # a profile that is not there, a file that cannot be read
        return [account_checks.as_finding("problem", "credentials", error)]
    try:
        found = account_checks.region_findings(aws)
    except Failure as failure:  # an address that is no URL
        said, _, step = str(failure).partition(". ")
        return [problem("AWS", f"{said}.", step)]
    found += run_checks({"credentials": lambda: account_checks.credential_findings(aws)}, FIRST_SECONDS)
    if any(one.level != "ok" for one in found):
        return found  # whatever else is asked would not be answered, or not by this account
    places = places_of(aws)
    for service in ("iam", "s3", "service-quotas", "sagemaker"):  # clients are made before the threads
        aws.client(service)
    return [
        *found,
        *run_checks(
            {
                "role": lambda: account_checks.role_findings(aws, places),
                "permissions": lambda: account_checks.permission_findings(aws, places),
                "bucket": lambda: account_checks.bucket_findings(aws, places),
                "bucket key": lambda: bucket_key.key_findings(aws, places),
                "quota": lambda: account_checks.quotas_of_account(aws),
            },
            SECONDS,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
