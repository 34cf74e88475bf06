"""`python -m scripts.new_project NAME [DATA]`: a project of one's own, in a folder beside this checkout.

It has settings, names and results of its own, and uses the programs and images of this checkout. Nothing that is there
already is changed.
"""

import argparse
import re
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from scripts.config.setting_types import Prefix
from scripts.config.settings import FILE
from scripts.console.document import add_json_option, document
from scripts.console.failure import Failure, ends_with_a_sentence

CHECKOUT = FILE.parent
# make reads these otherwise, in the value of a variable.
UNWRITABLE = re.compile(r"[\n\r#\\]|^\s|\s$")
OTHER_TARGETS = ("doctor", "build", "sample-data", "local-up", "local-status", "local-down")

MAKEFILE = """\
# {name}: `make` shows what it can do. It calls the checkout beside it, where `make help` lists all targets and options.
checkout := {checkout}
DATA ?= {data}
IMAGE_PREFIX ?= {name}

# make expands nothing in these, and no shell reads them: they reach the programs letter by letter.
given := checkout IMAGE_PREFIX WEIGHTS BASE_IMAGE DATA PICTURE JOB HYPERPARAMETERS ARGS SAMPLE
$(foreach name,$(given),$(eval override $(name) := $$(value $(name))))
export $(given)
# Settings are this folder's, and what is fetched or written is in its out/.
export SAGEMAKER_PROJECT_FOLDER := $(CURDIR)

targets := {targets}
.PHONY: help $(targets)
help:
	@cat README.md

$(targets):
	@$(MAKE) --no-print-directory -C "$$checkout" $@
"""
README = """\
# {name}

Pictures: `{shown}` (a folder or a zip; the line `DATA` of the [Makefile](Makefile) names it), with a folder for each of
`train/`, `valid/` and `test/`, and in these a folder for each class. Settings: [sagemaker.toml](sagemaker.toml).

    make build                                                  # the images, under this project's name: seconds
    make local-upload local-train local-deploy                  # on this machine
    make local-predict PICTURE=some.jpg
    make push upload train deploy                               # the same on AWS; make delete when it is done
"""
GITIGNORE = "/out/\n/data/\n"


@ends_with_a_sentence
def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="new", description="Make a project in a folder beside this checkout.")
    parser.add_argument("name", help="of the folder, and before the names of everything that the project makes")
    parser.add_argument("data", nargs="?", type=Path, help="folder or zip of pictures; default: data/ in the project")
    add_json_option(parser)
    args = parser.parse_args(arguments)
    found = document(args.json)
    folder = CHECKOUT.parent / args.name
    texts = project_files(args.name, args.data, FILE.read_text(), (CHECKOUT / "Makefile").read_text())
    try:
        folder.mkdir()
    except FileExistsError:
        raise Failure(f"{folder} is there already, and stays as it is. Choose another NAME.") from None
    for name, text in texts.items():
        (folder / name).write_text(text)
    found.update(folder=str(folder), files=sorted(texts))
    print(f"{folder} is made. Next:\n  cd {folder} && make")
    return 0


def project_files(name: str, data: Path | None, settings: str, makefile: str) -> dict[str, str]:
    """By name, the text of each file. Raises Failure for a name or a path that cannot be.

    Args:
        name: of the project.
        data: folder or zip of pictures; None for `data` in the project.
        settings: of this checkout, which the project begins with.
        makefile: of this checkout, which has the verbs.
    """
    try:
        TypeAdapter(Prefix).validate_python(name)
    except ValidationError:
        rule = "at most 32 of a-z 0-9 and single hyphens between them, and -train no part of it"
        raise Failure(f"NAME={name} cannot begin the names of jobs and images: they are {rule}.") from None
    if data and not data.exists():
        raise Failure(f"There is no {data}. DATA is a folder or a zip of pictures; without it the project has data/.")
    shown = str(data.resolve()) if data else "data"
    for path in (shown, CHECKOUT.name):
        if UNWRITABLE.search(path):
            raise Failure(f"{path!r} cannot be written into a Makefile. Rename it: no #, no \\, no space at its ends.")
    [verbs] = re.findall(r"^verbs := (.*)$", makefile, re.MULTILINE)
    targets = [*OTHER_TARGETS, *verbs.split(), *(f"local-{verb}" for verb in verbs.split())]
    beside = f"../{CHECKOUT.name}"
    settings, found = re.subn(r'^prefix = "[^"]*"', f'prefix = "{name}"', settings, count=1, flags=re.MULTILINE)
    assert found, "sagemaker.toml has a line for each setting"
    return {
        "Makefile": MAKEFILE.format(name=name, checkout=beside, data=shown, targets=" ".join(dict.fromkeys(targets))),
        "README.md": README.format(name=name, shown=shown),
        ".gitignore": GITIGNORE,
        "sagemaker.toml": settings.replace("#:schema ./", f"#:schema {beside}/", 1),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
