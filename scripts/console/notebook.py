"""Where a notebook finds no SageMaker: what its reader has to do, on this machine and on AWS."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
from botocore.parsers import ResponseParserError

from scripts.console.failure import Failure, explain, no_url

NEXT_STEPS = """
On this machine: run `make local-up` in a terminal, run these two lines in a cell of their own, then this cell again.
    lines = !.venv/bin/python -m local_test env --shell notebook
    get_ipython().run_cell(lines.n)
On AWS: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_DEFAULT_REGION and SAGEMAKER_ROLE, then
start Jupyter anew."""


def find_account() -> str:
    """The 12 digits of the account that the environment's credentials belong to, AWS's or the local SageMaker's.

    Raises Failure, with the next steps, where nothing answers, or credentials or region are missing or wrong.
    """
    try:
        session = boto3.Session()  # anew: boto3's own keeps the credentials, or their absence, of its first call
        if not session.region_name:  # STS would answer without one, and SageMaker would not
            raise NoRegionError()
        sts = session.client("sts", config=Config(connect_timeout=5, retries={"total_max_attempts": 2}))
        return sts.get_caller_identity()["Account"]
    except NoRegionError:
        # boto3 and the SDKs do not read AWS_REGION, as scripts/ do.
        reason = "No AWS region is set: there is no AWS_DEFAULT_REGION, and the AWS profile names none."
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        reason = explain(error)
    except ValueError as error:
        reason = str(no_url(error))
    raise Failure(f"No SageMaker answers here. {reason}{NEXT_STEPS}")
