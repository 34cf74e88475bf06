"""`python -m scripts.report [JOB]`: bring a training job's report, by default the newest's, and show it in the
browser.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from contract.atomic_write import replacing
from contract.opt_ml import REPORT_PAGE, REPORT_RECORD
from contract.waits import minutes
from scripts.aws.clients import Aws
from scripts.aws.job_output import output_uri, read_output
from scripts.aws.jobs import RUNNING, TRAINING
from scripts.aws.objects import has_objects
from scripts.config.layout import bucket_and_key
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.make import make
from scripts.console.terminal import show_in_browser
from scripts.console.waits import Wait

FOLDER = Path("out/reports")


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="report", description="Bring the report of a training job, and show it in the browser."
    )
    parser.add_argument("job", nargs="?", help="default: the newest training job")
    parser.add_argument("--no-open", action="store_true", help="only bring it")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    found = document(args.json)
    aws = Aws(load_settings())
    job, uri = find_output(aws, args.job)
    with Wait(f"the report of {job}"):
        files = read_output(aws, uri, (REPORT_PAGE, REPORT_RECORD).__contains__)
    if REPORT_PAGE not in files:
        raise Failure(
            f"{job} left no {REPORT_PAGE} in {uri}: its image makes none. Train again with this tree's: `make build`, "
            f"`{make('push')}`, `{make('train')}`."
        )
    folder = FOLDER / job
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with replacing(folder / name) as unfinished:  # what an earlier call left stays when this one is interrupted
            unfinished.write_bytes(content)
    found.update(job=job, page=str(folder / REPORT_PAGE))
    if REPORT_RECORD in files:
        record = json.loads(files[REPORT_RECORD])
        found.update(record=str(folder / REPORT_RECORD), headline=headline(record), summary=record.get("summary", []))
        print("\n".join(summary_lines(record) or [headline(record)]))
    print(f"page: {folder / REPORT_PAGE}")
    if not args.no_open:
        show_in_browser(folder / REPORT_PAGE)
    return 0


def find_output(aws: Aws, job: str | None) -> tuple[str, str]:
    """The job's name and the URI of its output.tar.gz. Raises Failure where there is none, or not yet."""
    if job is None:
        newest = next(TRAINING.newest_first(aws), None)
        if newest is None:
            raise Failure(f"{aws.settings.prefix} has no training job in {aws.region}. Run `{make('train')}`.")
        job = newest["TrainingJobName"]
    description = TRAINING.describe(aws, job)
    status = description["TrainingJobStatus"]
    if status in RUNNING:
        raise Failure(
            f'{job} is {status}, and its report comes when it has ended. Watch it with `{make("logs")} ARGS="{job} '
            '--follow"`, '
            f"or name an earlier job: `{make('report')} JOB=name`."
        )
    uri = output_uri(description)
    if not has_objects(aws.client("s3"), *bucket_and_key(uri)):
        raise Failure(
            f"{job} is {status} and left no report: there is no {uri}. `{make('logs')} ARGS={job}` may say why."
        )
    return job, uri


def summary_lines(record: dict[str, Any]) -> list[str]:
    """The sentences that the page begins with, below how a job ended that is not Completed. record: report.json's;
    empty where it has none, as of an older image, or of a run that measured nothing.
    """
    lines = []
    for one in record.get("summary", []):
        title, sentences = one["title"], one["sentences"]
        if len(sentences) == 1:
            lines.append(f"{title}: {sentences[0]}")
        else:
            lines += [f"{title}:", *(f"  {number}. {said}" for number, said in enumerate(sentences, 1))]
    status, reason = record.get("status", ""), record.get("reason", "")
    if lines and status != "Completed":
        lines.insert(0, f"{status}: {reason}" if reason else status)
    return lines


def headline(record: dict[str, Any]) -> str:
    """One line of figures. record: report.json's; what it lacks, or what is no number, is left out."""
    parts, found = [], record.get("evaluation", {})
    best: dict[str, Any] = next(
        (one for one in record.get("epochs", []) if one["epoch"] == record.get("best_epoch")), {}
    )
    if _is_number(found.get("top1")):
        low, high = found["top1_interval_95"]
        parts.append(
            f"{found['split']} accuracy {found['top1']:.1%} (95% interval {low:.1%} to {high:.1%}, {found['n']:,} "
            "pictures)"
        )
    if _is_number(found.get("loss")):
        parts.append(f"{found['split']} loss {found['loss']:.3f}")
    if _is_number(best.get("valid_accuracy")) and found.get("split") != "valid":
        parts.append(f"valid accuracy {best['valid_accuracy']:.1%} after epoch {best['epoch']}")
    if _is_number(record.get("seconds")):
        parts.append(f"time {minutes(record['seconds'])}")
    issues = sum(rule["status"] == "IssuesFound" for rule in record.get("rules", [])) + len(record.get("findings", []))
    parts += [f"{issues} issue{'' if issues == 1 else 's'} found"] if issues else []
    return f"{record.get('status', 'unknown')}: {', '.join(parts) or record.get('reason') or 'no figure was measured'}"


def _is_number(value: object) -> bool:
    """JSON has no NaN: the record has a string in its place."""
    return isinstance(value, (int, float))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
