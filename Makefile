# Calls, never computes: every target runs one program. `make` alone lists the targets.
# Settings of the scripts: sagemaker.toml. Of the build: IMAGE_PREFIX, BASE_IMAGE, WEIGHTS. Of one call: DATA, PICTURE, JOB,
# HYPERPARAMETERS="batch-size=32", and ARGS="..." for any other option of a script, such as ARGS=--dry-run.
# In `make help`: a heading is ##@, an example of a rule of many targets is ##>, and what comes before | in a target's ## is its arguments.

IMAGE_PREFIX ?= dogbreed
# These reach the programs through the environment alone, letter by letter: make expands nothing in them, and no shell reads them.
# A recipe writes "$$PICTURE" in quotes, or has from_make put them in their places; never the variable itself.
given := IMAGE_PREFIX WEIGHTS BASE_IMAGE DATA PICTURE JOB HYPERPARAMETERS ARGS SAMPLE NAME
$(foreach name,$(given),$(eval override $(name) := $$(value $(name))))
export $(given)

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

python := .venv/bin/python
from_make := $(python) -m scripts.console.make
on_local_sagemaker = exports=$$($(python) -m local_test env) && eval "$$exports" && exec
# Asked for when a recipe runs: the tag follows the tree.
tag = $(shell docker/tag.sh)
host_tests := tests/project tests/contract tests/docker tests/scripts tests/local_test
train_image_tests := $(addprefix tests/container/,data model pictures jobs runtime entrypoint training debugging profiling report tracking)
in_images := out/coverage/in_images
# tests/try_page/conftest.py reads it there.
axe := out/axe-core/node_modules/axe-core/axe.min.js
on_all_cores := -n logical --maxprocesses 8
# A file's tests share what they start; each process has a local SageMaker of its own.
file_by_file := $(on_all_cores) --dist loadfile
# The SDK sleeps for 10 and for 30 seconds between its looks at a job.
sleepers := -n 4 --dist worksteal
# Trainings on all cores take many times as long beside anything else that computes: these stages have the machine alone.
stages_alone := test-demo test-images test-container test-serving test-service test-notebooks
# These run two at a time: while one sleeps the other computes.
stages_together := test-sdk test-host test-report test-try-page test-tracking
two_at_a_time := -j 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# What `make check` leaves to `make test-host`: two thirds of the time of all.
slow_tests := tests/project/make tests/scripts/tuning tests/local_test/storage tests/local_test/tuning \
	tests/local_test/api/test_http_server.py tests/local_test/serving/test_model_archive.py tests/local_test/test_sample_data.py \
	tests/local_test/training/test_metric_definitions.py tests/local_test/transform \
	tests/local_test/api/test_any_body.py tests/local_test/api/test_boto3_clients.py tests/local_test/api/test_schedules.py \
	tests/local_test/doctor/test_machine.py \
	$(addprefix tests/scripts/,comparison console costs deploy policies training trouble test_bootstrap.py test_delete.py \
	test_delete_all.py test_delete_data.py test_doctor.py test_push.py test_transform.py test_try_endpoint.py test_upload.py)
verbs := bootstrap push upload train tune report compare deploy predict transform logs status stop delete
local_verbs := $(addprefix local-,$(filter-out status,$(verbs)))

arguments_upload = --path DATA
arguments_train = --words HYPERPARAMETERS
arguments_tune = --words HYPERPARAMETERS
arguments_report = --value JOB
arguments_predict = --path PICTURE
arguments_transform = --path PICTURE
needs_new = $(if $(NAME),,$(error Name the project: make new NAME=cats DATA=my/pictures))
needs_upload = $(if $(DATA),,$(error Name your pictures: DATA=folder or zip. `make sample-data` draws some into out/data/sample))
needs_predict = $(if $(PICTURE),,$(error Name a picture or a folder of them: PICTURE=path))
needs_transform = $(if $(PICTURE),,$(error Name a folder of pictures: PICTURE=path))

.PHONY: help doctor new engine browser build build-serve-cpu renew-base $(verbs) $(local_verbs) try local-try local-up local-down local-status local-clean demo sample-data data notebooks bench bench-local bench-training bench-recipe bench-tuning bench-debugger bench-serving soak \
	check test test-host test-images test-serving test-spot test-container test-service test-sdk test-demo test-notebooks test-report test-try-page test-tracking lock lock-cpu clean

##@ Begin here

help:  ## List the targets, each with an example
	@awk '/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^##> / || /^[a-z-]+:.*## / { \
			line = $$0; name = ""; \
			if (sub(/^##> /, "", line) == 0) { name = line; sub(/:.*/, "", name); name = "make " name; sub(/^[^#]*## /, "", line) } \
			if (i = index(line, " | ")) { name = name (name == "" ? "" : " ") substr(line, 1, i - 1); line = substr(line, i + 3) } \
			printf "  %-52s %s\n", name, line }' $(MAKEFILE_LIST)

doctor:  ## Say what keeps this machine, or this AWS account, from working, and what to do
	@$(MAKE) --silent --no-print-directory .venv/ready || true
	@local_test/doctor.sh

demo: .venv/ready build  ## DATA=my/pictures | All of it on this machine, from building to predicting (without DATA: drawn pictures)
	@$(python) -m local_test.demo $${DATA:+--data "$$DATA"}

new: .venv/ready  ## NAME=cats DATA=my/pictures | Make a project of your own, in a folder beside this one
	$(needs_new)@$(from_make) scripts.new_project --value NAME --path DATA

sample-data: .venv/ready  ## SAMPLE="--breeds 133 --train 50" | Draw pictures to try things with, into out/data/sample
	@$(from_make) local_test.demo.sample_data --text out/data/sample --words SAMPLE

data: .venv/ready  ## Download Udacity's dogImages.zip: 8,351 photographs of 133 breeds, 1.1 GB
	@$(python) -m scripts.download_data out/data/dogImages.zip

##@ On this machine: the local SageMaker, which starts when it is needed

##> make local-upload DATA=my/pictures local-train | The programs below, on this machine: each has a local- target

$(local_verbs): local-%: .venv/ready engine
	$(needs_$*)@$(on_local_sagemaker) $(from_make) scripts.$* $(arguments_$*) --words ARGS

local-try: .venv/ready engine  ## A page to try the endpoint with pictures of your own: drop, paste or photograph them
	@$(on_local_sagemaker) $(from_make) scripts.try_endpoint --words ARGS

local-up: .venv/ready engine  ## Start the local SageMaker in the background
	@$(python) -m local_test up

local-status: .venv/ready  ## Say whether it runs, and what runs in it
	@$(python) -m local_test status

local-down: .venv/ready  ## End it; jobs, models and S3 objects stay in out/local
	@$(python) -m local_test down

local-clean: .venv/ready local-down  ## End it and remove everything it made: pushed images, out/local
	@$(python) -m local_test.clean
	@rm -rf out/local

##@ On AWS, with your credentials
##> make bootstrap | Make what an account needs, once: role, repositories, bucket, log groups (shows them, and asks)
##> make push | Bring both images to ECR
##> make upload DATA=my/pictures | Bring a folder or zip of pictures to S3; only what changed is sent
##> make train HYPERPARAMETERS="batch-size=32" | Train a model, and follow the job
##> make tune ARGS="--range lr=0.0001..0.01:log" | Search for hyperparameters; then make train ARGS=--from-tuning
##> make report JOB=dogbreed-train-20261122-185200-123 | Open a training's report, the newest one's without JOB
##> make compare ARGS="--last 8" | Show the last trainings side by side: hyperparameters, figures, curves
##> make deploy | Start the endpoint, which costs by the hour until make delete
##> make predict PICTURE=dog.jpg | Ask the endpoint about a picture, or a folder of them
##> make transform PICTURE=my/pictures | Ask about a folder of pictures in one job, without an endpoint
##> make logs ARGS=--help | What a job or the endpoint prints; --help shows the options of any of these
##> make status | What there is, and what of it costs money
##> make stop | Stop the job that runs
##> make delete ARGS=--dry-run | Remove what was made; with --dry-run only show it

$(verbs): .venv/ready
	$(needs_$@)@$(from_make) scripts.$@ $(arguments_$@) --words ARGS

try: .venv/ready  ## A page to try the endpoint with pictures of your own: drop, paste or photograph them
	@$(from_make) scripts.try_endpoint --words ARGS

##@ The images

build: engine  ## WEIGHTS=resnet34.pth | Build both; WEIGHTS bakes pretrained weights in, WEIGHTS=none takes them out
	@docker/build.sh

build-serve-cpu: engine  ## The serve image without CUDA, for CPU instances and serverless endpoints
	@docker/build.sh serve-cpu

renew-base: engine  ## Take today's security fixes for the base of the images, for the next build
	@docker/debian_base.sh --renew >/dev/null

engine:  ## Make sure that a Docker engine answers (installs Debian's when it may)
	@docker/engine.sh

##@ Before a change is committed

check: .venv/ready  ## Format, lint, types and the quick tests: under a minute
	@$(python) -m ruff format --check --quiet .
	@$(python) -m ruff check --quiet .
	@.venv/bin/lint-imports
	@$(python) -m mypy
	@$(python) -m pytest -q $(on_all_cores) $(host_tests) $(addprefix --ignore ,$(slow_tests))

test: .venv/ready .venv-sdk/ready .venv-sdk3/ready .venv-tracking/ready build  ## Every test there is; each of those below is a part of it
	@$(MAKE) --no-print-directory $(stages_alone)
	@$(MAKE) --no-print-directory $(two_at_a_time) $(stages_together)

test-host: .venv/ready  ## What needs neither image nor engine
	@$(python) -m pytest $(on_all_cores) --cov --cov-report= $(host_tests)
	@echo "Of the lines and branches of contract, scripts and local_test these tests reach $$($(python) -m coverage report --format=total) %."

test-images: .venv/ready engine  ## What is in the images, and how they behave as containers
	@$(python) -m pytest $(file_by_file) tests/images

test-serving: .venv/ready engine  ## The serve image under load, under attack, at its end; multi-model endpoints, users' code
	@$(python) -m pytest $(file_by_file) tests/serving

test-container: .venv/ready engine  ## The code of container/, inside the images, and which share of it the tests reach
	@rm -rf $(in_images)
	@$(python) -m tests.in_image --coverage $(in_images) "$$IMAGE_PREFIX-train:$(tag)" $(train_image_tests) tests/container/test_warnings.py
	@$(python) -m tests.in_image --coverage $(in_images) "$$IMAGE_PREFIX-serve:$(tag)" tests/container/serving tests/container/test_warnings.py
	@$(python) -m tests.container_coverage $(in_images)

test-service: .venv/ready engine browser  ## The local SageMaker, with plain boto3, real containers, and a web page of another origin
	@$(python) -m pytest $(file_by_file) tests/service --ignore tests/service/sdk

test-sdk: .venv/ready .venv-sdk/ready .venv-sdk3/ready engine  ## The SageMaker SDKs 2 and 3 and the AWS CLI, unmodified, on the local SageMaker
	@$(python) -m pytest $(sleepers) tests/service/sdk

test-demo: .venv/ready engine  ## The demo, end to end
	@$(python) -m pytest $(file_by_file) tests/end_to_end

test-notebooks: .venv/ready .venv-sdk/ready .venv-sdk3/ready engine  ## The notebooks, each run from its first cell to its last on the local SageMaker
	@$(python) -m pytest $(on_all_cores) --dist worksteal tests/notebooks

notebooks: .venv/ready .venv-sdk/ready .venv-sdk3/ready build  ## Run the notebooks on the local SageMaker and keep their outputs in them
	@$(on_local_sagemaker) $(python) -m tests.notebooks.execution

test-report: .venv/ready browser $(axe)  ## The pages of a report and of a comparison in a real browser: light, dark, print, desk and phone
	@$(python) -m pytest tests/report_page

test-try-page: .venv/ready browser $(axe)  ## The page of make try in a real browser, and axe-core's rules of accessibility
	@$(python) -m pytest tests/try_page

test-tracking: .venv/ready .venv-tracking/ready  ## TensorBoard and MLflow read what a training leaves for them
	@$(python) -m pytest tests/tracking

$(axe): tests/try_page/package-lock.json tests/try_page/fetch_axe.sh
	@tests/try_page/fetch_axe.sh out/axe-core

test-spot: .venv/ready build  ## A spot job interrupted at 20 random moments, beside the undisturbed run (not a part of test)
	@DRILL=20 $(python) -m pytest tests/images/test_spot_drill.py

browser:  ## Make sure that a Chromium or Chrome is here (installs Debian's when it may)
	@local_test/browser.sh

lock: .venv/ready  ## Compile every requirements.in anew into versions and hashes
	@docker/lock.sh

lock-cpu: .venv/ready  ## PIP_EXTRA_INDEX_URL=https://... | The same for the CPU builds of torch alone, from an index that has them
	@docker/lock.sh cpu

clean:  ## End the local SageMaker, remove outputs and the virtual environments; images stay
	@[ ! -e out/local/lock ] || flock --nonblock out/local/lock true || $(python) -m local_test down || { \
		echo "Nothing was removed: the local SageMaker in out/local runs. End it (make local-down), then make clean." >&2; exit 1; }
	@rm -rf out .venv .venv-sdk .venv-sdk3 .venv-tracking

##@ Figures, each beside a peer's in the same run

bench: bench-local bench-training bench-recipe bench-tuning bench-debugger bench-serving  ## All of these but soak: hours


bench-local: .venv/ready build  ## What the local SageMaker costs: a job's start and end, an invocation
	@$(python) -m tests.bench.local --train-image "$$IMAGE_PREFIX-train:$(tag)"

bench-training: .venv/ready build  ## DATA=my/pictures | Training beside torchvision's reference script (half an hour)
	@$(python) -m tests.bench.training --train-image "$$IMAGE_PREFIX-train:$(tag)" $${DATA:+--data "$$DATA"}

bench-recipe: .venv/ready build  ## DATA=my/pictures | What each part of the training recipe is worth (an hour)
	@$(python) -m tests.bench.recipe --train-image "$$IMAGE_PREFIX-train:$(tag)" $${DATA:+--data "$$DATA"}

bench-tuning: .venv/ready build  ## DATA=my/pictures | The trials of a tuning job, on the feature bank and without it (two hours)
	@$(python) -m tests.bench.tuning --train-image "$$IMAGE_PREFIX-train:$(tag)" $${DATA:+--data "$$DATA"}

bench-debugger: .venv/ready build  ## DATA=my/pictures | What watching a run costs: hook, rules, profile (a quarter of an hour)
	@$(python) -m tests.bench.debugger --train-image "$$IMAGE_PREFIX-train:$(tag)" $${DATA:+--data "$$DATA"}

bench-serving: .venv/ready build  ## DATA=my/pictures | The endpoint beside other servers of the same network (twenty minutes)
	@$(python) -m tests.bench.serving --serve-image "$$IMAGE_PREFIX-serve:$(tag)" $${DATA:+--data "$$DATA"}

soak: .venv/ready build  ## DATA=my/pictures | The serve image at full load for half an hour: memory slope and error count
	@$(python) -m tests.bench.soak --serve-image "$$IMAGE_PREFIX-serve:$(tag)" $${DATA:+--data "$$DATA"}

host_locks = scripts/requirements.txt local_test/requirements.txt tests/requirements.txt

.venv/ready: $(host_locks) local_test/venv.sh
	@local_test/venv.sh .venv $(host_locks)

.venv-sdk/ready: tests/service/sdk/requirements.txt local_test/venv.sh
	@local_test/venv.sh .venv-sdk tests/service/sdk/requirements.txt

.venv-sdk3/ready: tests/service/sdk/v3/requirements.txt local_test/venv.sh
	@local_test/venv.sh .venv-sdk3 tests/service/sdk/v3/requirements.txt

.venv-tracking/ready: tests/tracking/requirements.txt local_test/venv.sh
	@local_test/venv.sh .venv-tracking tests/tracking/requirements.txt
