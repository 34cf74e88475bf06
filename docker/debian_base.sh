#!/bin/sh
# Print the name of the image to build on: $BASE_IMAGE when it is set, else debian:bookworm-slim from a registry, else an
# equal of it made here from Debian packages. What is going on goes to stderr.
set -eu

pulled=debian:bookworm-slim
made=debian-bookworm-slim:made-like-debian

has() { docker image inspect "$1" >/dev/null 2>&1; }

if [ -n "${BASE_IMAGE:-}" ]; then echo "$BASE_IMAGE"; exit 0; fi
if has "$pulled"; then echo "$pulled"; exit 0; fi
if has "$made"; then echo "$made"; exit 0; fi

echo "Pulling $pulled ..." >&2
if docker pull --quiet --platform linux/amd64 "$pulled" >&2; then echo "$pulled"; exit 0; fi

echo "$pulled cannot be pulled here. Making its equal, $made, from Debian packages ..." >&2
if ! command -v mmdebstrap >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mmdebstrap; } >&2
    else
        echo "mmdebstrap is missing. As root: apt-get install mmdebstrap. Or name an image that is here: make build BASE_IMAGE=..." >&2
        exit 1
    fi
fi
archive=$(mktemp --suffix=.tar)
trap 'rm -f "$archive"' EXIT
# The same cuts as the slim image: no documentation, no manual pages, no translations, and /usr merged from the start,
# without the package that merges it later and brings 50 MB of Perl.
mmdebstrap --quiet --variant=minbase --architectures=amd64 --include=ca-certificates,usr-is-merged \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$archive" >&2
docker import --platform linux/amd64 "$archive" "$made" >/dev/null
echo "$made"
