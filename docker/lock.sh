#!/bin/sh
# Compile requirements .in into their .txt: exact versions with hashes, no index addresses.
#   docker/lock.sh        every file; that of the CPU builds where an index that has them is named
#   docker/lock.sh cpu    that of the CPU builds alone: PIP_EXTRA_INDEX_URL or PIP_INDEX_URL names the index, as for `make build-serve-cpu`
set -eu
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile --quiet --no-header --no-annotate --generate-hashes --no-emit-index-url --upgrade "$@"; }
# The images: one platform, one Python.
for_image() { lock --python-version 3.11 --python-platform x86_64-manylinux_2_28 "$@"; }

# torch and torchvision for CPUs are in no lock file of PyPI's. What comes is held to the hash that cpu.in knows.
lock_cpu() {
    requirements=docker/requirements
    new=$(mktemp)
    trap 'rm -f "$new"' EXIT
    [ -z "${PIP_INDEX_URL:-}" ] || set -- --index-url "$PIP_INDEX_URL"
    for url in ${PIP_EXTRA_INDEX_URL:-}; do set -- "$@" --extra-index-url "$url"; done
    for_image --no-deps "$@" "$requirements/cpu.in" --output-file "$new" \
        || { echo "$requirements/cpu.txt was not written: the named index does not have the CPU builds of $requirements/cpu.in." >&2; return 1; }
    for hash in $(sed -n 's/^# known hash: //p' "$requirements/cpu.in"); do
        grep -q -- "--hash=$hash" "$new" || {
            echo "$requirements/cpu.txt was not written: the index has other files than those with the hash in $requirements/cpu.in, $hash." >&2
            return 1
        }
    done
    chmod 644 "$new" && mv "$new" "$requirements/cpu.txt"
    echo "$requirements/cpu.txt is written: compare it with the hashes that the index publishes, and commit it."
}

case "${1:-all}" in
    all) ;;
    cpu)
        [ -n "${PIP_EXTRA_INDEX_URL:-}${PIP_INDEX_URL:-}" ] || {
            echo "No index is named that could have torch's CPU builds: set PIP_EXTRA_INDEX_URL or PIP_INDEX_URL." >&2
            exit 1
        }
        lock_cpu
        exit ;;
    *) echo "docker/lock.sh takes cpu or nothing, not $1." >&2; exit 1 ;;
esac

# `base` first, the others are held to it.
for name in base build train serve; do
    for_image "docker/requirements/$name.in" --output-file "docker/requirements/$name.txt"
done
# What the serving bench adds to the serve image for its peers.
for name in stock litserve ray torchserve; do
    for_image "tests/bench/serving/$name.in" --output-file "tests/bench/serving/$name.txt"
done
# The host: any platform.
for folder in scripts local_test tests tests/service/sdk tests/service/sdk/v3 tests/tracking; do
    lock --universal --python-version 3.11 "$folder/requirements.in" --output-file "$folder/requirements.txt"
done
if [ -n "${PIP_EXTRA_INDEX_URL:-}" ]; then lock_cpu; else
    echo "The hashes of torch's CPU builds stay as they are: PIP_EXTRA_INDEX_URL names no index that has them (\`make lock-cpu\`)." >&2
fi
