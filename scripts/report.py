"""`python -m scripts.report [JOB]`: bring a training job's report, by default the newest's, and show it in the
browser.
"""

import argparse
import json
import os
import sys
import tarfile
import tempfile
import webbrowser
import zlib
from pathlib import Path
from typing import IO, Any

from contract.atomic_write import replacing
from contract.waits import minutes
from scripts.aws.clients import Aws
from scripts.aws.jobs import RUNNING, TRAINING
from scripts.aws.objects import has_objects
from scripts.config.layout import bucket_and_key
from scripts.config.settings import load_settings
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence
from scripts.console.make_prefix import make
from scripts.console.waits import Wait

FOLDER = Path("out/reports")
PAGE, RECORD = "report.html", "report.json"  # what the train image leaves in its output


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
        files = fetch(aws, uri)
    if PAGE not in files:
        raise Failure(
            f"{job} left no {PAGE} in {uri}: its image makes none. Train again with this tree's: `make build`, "
            f"`{make('push')}`, `{make('train')}`."
        )
    folder = FOLDER / job
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with replacing(folder / name) as unfinished:  # what an earlier call left stays when this one is interrupted
            unfinished.write_bytes(content)
    print(folder / PAGE)
    found.update(job=job, page=str(folder / PAGE))
    if RECORD in files:
        line = headline(json.loads(files[RECORD]))
        print(line)
        found.update(record=str(folder / RECORD), headline=line)
    if not args.no_open and has_display():
        webbrowser.open((folder / PAGE).absolute().as_uri())
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
    uri = f"{description['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job}/output/output.tar.gz"
    if not has_objects(aws.client("s3"), *bucket_and_key(uri)):
        raise Failure(
            f"{job} is {status} and left no report: there is no {uri}. `{make('logs')} ARGS={job}` may say why."
        )
    return job, uri


def fetch(aws: Aws, uri: str) -> dict[str, bytes]:
    """The report's files in the archive, by name; nothing else of it is read. Raises Failure for what is no sound
    .tar.gz.
    """
    bucket, key = bucket_and_key(uri)
    with tempfile.TemporaryFile() as archive:
        aws.client("s3").download_fileobj(bucket, key, archive)
        archive.seek(0)
        try:
            return _report_files(archive)
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            raise Failure(f"{uri} is not a sound .tar.gz ({error}). Train again: `{make('train')}`.") from error


def _report_files(archive: IO[bytes]) -> dict[str, bytes]:
    with tarfile.open(fileobj=archive) as packed:
        return {
            name: file.read()
            for member in packed
            if (name := member.name.removeprefix("./")) in (PAGE, RECORD)
            and member.isfile()
            and (file := packed.extractfile(member))
        }


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


def has_display() -> bool:
    """Whether a browser window could be seen by whoever runs this."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _is_number(value: object) -> bool:
    """JSON has no NaN: the record has a string in its place."""
    return isinstance(value, (int, float))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
