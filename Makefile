# Calls, never computes: every target runs one program. `make` alone lists the targets.
# Settings: IMAGE_PREFIX, BASE_IMAGE, WEIGHTS (build); DATA (demo, local-train); MODEL (local-serve); IMAGE_FILE (local-predict).

IMAGE_PREFIX ?= dogbreed
DATA ?=
HYPERPARAMETERS ?=
MODEL ?=
IMAGE_FILE ?=
SAMPLE ?=
WEIGHTS ?=
BASE_IMAGE ?=
export IMAGE_PREFIX WEIGHTS BASE_IMAGE

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help engine build demo sample-data data local-train local-serve local-predict local-clean test test-host test-images test-container test-demo lock clean

python := .venv/bin/python
# Asked for when a recipe runs: the tag follows the tree.
tag = $(shell docker/tag.sh)
train_image = $(IMAGE_PREFIX)-train:$(tag)
serve_image = $(IMAGE_PREFIX)-serve:$(tag)

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

engine:  ## Make sure that a Docker engine answers (installs Debian's when it may)
	@docker/engine.sh

build: engine  ## Build both images (WEIGHTS=path bakes pretrained weights in, WEIGHTS=none takes them out)
	@docker/build.sh

demo: .venv/ready build  ## Build, train, serve, predict; look at out/demo/page.html (DATA=folder or zip for your own)
	@$(python) -m local_test.demo --train-image $(train_image) --serve-image $(serve_image) $(if $(DATA),--data "$(DATA)")

sample-data: .venv/ready  ## Draw the sample data set (SAMPLE="--breeds 133 --train 50")
	@$(python) -m local_test.sample_data out/data/sample $(SAMPLE)

data: .venv/ready  ## Download Udacity's dogImages.zip: 8,351 photographs of 133 breeds, 1.1 GB
	@$(python) -m scripts.download_data out/data/dogImages.zip

local-train: .venv/ready build $(if $(DATA),,sample-data)  ## Train on DATA=folder or zip (HYPERPARAMETERS="epochs=3 lr=0.001")
	@$(python) -m local_test.train --image $(train_image) --data "$(or $(DATA),out/data/sample)" $(HYPERPARAMETERS)

local-serve: .venv/ready build  ## Serve the newest model, or MODEL=path, until Ctrl-C
	@$(python) -m local_test.serve --image $(serve_image) $(if $(MODEL),--model "$(MODEL)")

local-predict: .venv/ready  ## Send IMAGE_FILE=picture to the endpoint of local-serve
	@$(python) -m local_test.predict "$(or $(IMAGE_FILE),$(error Name a picture: make local-predict IMAGE_FILE=path))"

local-clean: .venv/ready  ## Remove every container that local_test left behind
	@$(python) -m local_test.clean

test: .venv/ready build  ## Run every test: host, images, container code, end to end
	@$(MAKE) --no-print-directory test-host test-images test-container test-demo

test-host: .venv/ready  ## Tests that need neither image nor engine
	@$(python) -m pytest tests/laws tests/docker tests/scripts tests/local_test

test-images: .venv/ready engine  ## What is in the images, and how they behave as containers
	@$(python) -m pytest tests/images

test-container: .venv/ready engine  ## The code of container/, inside the images
	@$(python) -m tests.in_image $(train_image) tests/container/training
	@$(python) -m tests.in_image $(serve_image) tests/container/serving

test-demo: .venv/ready engine  ## The demo, end to end
	@$(python) -m pytest tests/end_to_end

lock: .venv/ready  ## Compile every requirements.in anew into versions and hashes
	@docker/lock.sh

clean:  ## Remove outputs and the virtual environment; images stay
	@rm -rf out .venv

host_locks = scripts/requirements.txt local_test/requirements.txt tests/requirements.txt

.venv/ready: $(host_locks) local_test/venv.sh
	@local_test/venv.sh .venv $(host_locks)

.venv-sdk/ready: tests/service/sdk/requirements.txt local_test/venv.sh
	@local_test/venv.sh .venv-sdk tests/service/sdk/requirements.txt
