#!/bin/sh
# Print the tag of the images: the commit, `-dirty` when what goes into an image differs from it, and the start of the
# hash of baked-in weights. Never `latest`.
set -eu
cd "$(dirname "$0")/.."
revision=$(git rev-parse --short=12 HEAD) || { echo "The tag is the git commit: run this in a clone of the repository." >&2; exit 1; }
[ -z "$(git status --porcelain -- container contract docker)" ] || revision=$revision-dirty
for weights in docker/weights/*; do
    if [ -f "$weights" ]; then revision=$revision-w$(git hash-object --no-filters "$weights" | cut -c1-8); fi
done
echo "$revision"
