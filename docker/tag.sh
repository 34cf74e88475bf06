#!/bin/sh
# Print the tag of the images: the commit, and `-dirty` when what goes into an image differs from it. Never `latest`.
set -eu
cd "$(dirname "$0")/.."
revision=$(git rev-parse --short=12 HEAD 2>/dev/null) || { echo "no-commit"; exit 0; }
[ -z "$(git status --porcelain -- container docker)" ] || revision=$revision-dirty
echo "$revision"
