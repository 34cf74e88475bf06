#!/bin/sh
# Build the train and the serve image, or those that are named (train, serve, serve-cpu), and print their sizes.
#   IMAGE_PREFIX=dogbreed  BASE_IMAGE=...  WEIGHTS=path/to/weights.pth (or none)  docker/build.sh [IMAGE ...]
set -eu
cd "$(dirname "$0")/.."
prefix=${IMAGE_PREFIX:-dogbreed}

builder=$(docker/buildkit_client.sh)
client=${builder%% *} flags=${builder#"$client"}

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Python 3.11 or newer is needed, and \`$python\` is none. Name another: make build PYTHON=python3.11" >&2
    exit 1
}
base=$(docker/debian_base.sh)
"$python" docker/base_age.py "$base"

# Weights travel in the build context and stay for the next builds; the tag says which they are.
case "${WEIGHTS:-}" in
    '') ;;
    none) find docker/weights -type f ! -name .gitignore -delete ;;
    *.pth | *.pt | *.safetensors)
        [ -f "$WEIGHTS" ] || { echo "WEIGHTS=$WEIGHTS is not a file." >&2; exit 1; }
        kept=docker/weights/$(basename -- "$WEIGHTS")
        copy=$(mktemp) && cp -- "$WEIGHTS" "$copy"
        find docker/weights -type f ! -name .gitignore -delete
        mv "$copy" "$kept" && chmod 644 "$kept" ;;
    *) echo "WEIGHTS=$WEIGHTS must end in .pth, .pt or .safetensors, or be none." >&2; exit 1 ;;
esac
tag=$(docker/tag.sh)
for weights in docker/weights/*; do [ ! -f "$weights" ] || echo "Baking in $weights (WEIGHTS=none takes it out)"; done

proxies=$(PYTHONPATH=. "$python" docker/build_proxies.py)
eval "$proxies"
secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT
"$python" docker/pip_settings.py >"$secrets/pip"
flags="$flags --secret id=pip,src=$secrets/pip"
bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
if [ -f "$bundle" ]; then
    # The mark lets a test find the bundle if it ever got into a layer. Text between certificates is a comment.
    { echo "# A build secret: must not be in any layer"; cat "$bundle"; } >"$secrets/ca"
    flags="$flags --secret id=ca,src=$secrets/ca"
fi

remote=$(git remote get-url origin 2>/dev/null) || remote=
source=$("$python" docker/source_label.py "$remote")
# The digest it is pulled by; of a base that was made here, or has no digest, the engine's id of it.
case $base in
    *@*) base_id=${base#*@} ;;
    *) base_id=$(docker image inspect --format '{{.Id}}' "$base" 2>/dev/null) || base_id=unknown ;;
esac
build() {
    # shellcheck disable=SC2086  # the flags are words
    DOCKER_BUILDKIT=1 "$client" build --platform linux/amd64 $flags --progress "${BUILD_PROGRESS:-auto}" \
        --file docker/Dockerfile --build-arg BASE_IMAGE="$base" --build-arg RENEWED="$(sed -n 's/^renewed=//p' docker/base.pin)" "$@" .
}
[ $# -gt 0 ] || set -- train serve
for image; do
    echo "Building $prefix-$image:$tag on $base ..."
    target=$image torch=torch
    if [ "$image" = serve-cpu ]; then
        target=serve torch=torch-without-cuda
        if [ -f docker/requirements/cpu.txt ]; then
            torch=torch-cpu
            # First the one thing that may not be had, before minutes of everything else.
            build --target cpu-wheels || {
                echo "The CPU builds of torch and torchvision (docker/requirements/cpu.txt) cannot be had; pip says above why. PyPI does" \
                    "not have them: set PIP_EXTRA_INDEX_URL or PIP_INDEX_URL to an index that does, and call this again; or remove that" \
                    "file, and PyPI's torch is taken without its CUDA libraries." >&2
                exit 1
            }
        fi
    fi
    build --target "$target" --tag "$prefix-$image:$tag" --build-arg TORCH="$torch" \
        --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
        --build-arg VERSION="$tag" --build-arg SOURCE="$source" --build-arg BASE_DIGEST="$base_id"
done

for image; do
    docker image inspect --format '{{.Size}}' "$prefix-$image:$tag" \
        | awk -v name="$prefix-$image:$tag" '{ printf "%-40s %5.2f GB\n", name, $1 / 1e9 }'
done
[ "$*" != "train serve" ] || echo "The torch layers are in both and on the disk once."
