#!/bin/sh
# Compile every requirements .in into its .txt: exact versions with hashes, no index addresses.
set -eu
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile --quiet --no-header --no-annotate --generate-hashes --no-emit-index-url --upgrade "$@"; }

# The images: one platform, one Python. `base` first, the others are held to it.
for name in base build train serve; do
    lock --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
        "docker/requirements/$name.in" --output-file "docker/requirements/$name.txt"
done
# What the serving bench adds to the serve image for its peers.
for name in stock litserve torchserve; do
    lock --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
        "tests/bench/serving/$name.in" --output-file "tests/bench/serving/$name.txt"
done
# The host: any platform.
for folder in scripts local_test tests tests/service/sdk; do
    lock --universal --python-version 3.11 "$folder/requirements.in" --output-file "$folder/requirements.txt"
done
