"""`doctor`: a table of what the local SageMaker needs of this machine; exit status 0 when nothing stops it."""

import argparse
import json
import os
import sys
from pathlib import Path

from contract.checks import run_checks
from contract.findings import Finding, has_problem, table, terminal_columns
from local_test.doctor.capacity import (
    Load,
    load_findings,
    look_at_load,
    look_at_volumes,
    memory_findings,
    volume_findings,
)
from local_test.doctor.checkout import are_built, checkout_findings, look_at_checkout
from local_test.doctor.engine_facts import EngineFacts, engine_findings, look_at_engine
from local_test.doctor.firewall import firewall_findings, look_at_firewall
from local_test.doctor.gpu import gpu_findings, look_at_gpus
from local_test.doctor.network import (
    certificate_findings,
    container_proxy_findings,
    look_at_port,
    port_findings,
    proxy_findings,
)
from local_test.doctor.programs import (
    command_line_findings,
    look_at_command_line,
    look_at_python,
    python_findings,
)
from local_test.interception.variables import before

ROOT = Path(__file__).parents[2]
IN_REPOSITORY = Path("out/local")
SECONDS = 8.0  # half of it for the engine, half for the rest


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="doctor", description=__doc__)
    parser.add_argument("--folder", type=Path, default=IN_REPOSITORY, metavar="DIR", help="the local SageMaker's state")
    parser.add_argument("--json", action="store_true", help="print the findings as one JSON document")
    args = parser.parse_args(arguments)
    return report(args.folder, args.json)


def report(state: Path, as_json: bool = False) -> int:
    """Print the table, or the findings as JSON. state: the local SageMaker's folder. Returns the exit status."""
    load = look_at_load()  # before anything of ours computes
    found = findings(state, load, ROOT)
    if as_json:
        print(json.dumps({"findings": [vars(one) for one in found]}, indent=2))
    else:
        print(table("This machine", found, terminal_columns(), sys.stdout.encoding))
    return int(has_problem(found))


def findings(state: Path, load: Load, root: Path) -> list[Finding]:
    """Within some eight seconds. root: above this package; a checkout of the repository has docker/ there."""
    engine = EngineFacts()

    def look() -> list[Finding]:
        nonlocal engine
        engine = look_at_engine()
        return engine_findings(engine)

    # The rest judges by what the engine says of itself.
    of_engine = run_checks({"engine": look}, SECONDS / 2)
    is_checkout = (root / "docker/build.sh").is_file()

    def images_and_disk() -> list[Finding]:
        facts = look_at_checkout(root) if is_checkout else None
        will_build = facts is not None and not are_built(facts, engine)
        built = checkout_findings(facts, engine) if facts else []
        return [*built, *volume_findings(look_at_volumes(state, engine), will_build)]

    return [
        *of_engine,
        *run_checks(
            {
                "disk": images_and_disk,
                "memory": lambda: memory_findings(engine),
                "processor": lambda: load_findings(load),
                "GPU": lambda: gpu_findings(look_at_gpus(root / "docker/requirements/base.txt"), engine),
                "port": lambda: port_findings(look_at_port(state)),
                "proxies": lambda: [
                    *proxy_findings(os.environ, engine),
                    *container_proxy_findings(before(os.environ)),
                ],
                "certificates": lambda: certificate_findings(before(os.environ)),
                "firewall": lambda: firewall_findings(look_at_firewall(), engine),
                "Python": lambda: python_findings(look_at_python(), is_checkout),
                "AWS CLI": lambda: command_line_findings(look_at_command_line()),
            },
            SECONDS / 2,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
