#!/bin/sh
# Print the name of the base image; progress goes to stderr.
#   docker/debian_base.sh           $BASE_IMAGE when it is set; else debian:bookworm-slim, by the digest in docker/base.pin where that
#                                   has one; where no registry gives it, an equal made here from Debian packages, not older than the pin
#   docker/debian_base.sh --renew   with today's security fixes: pulled or made anew, and docker/base.pin written
set -eu

folder=$(dirname "$0")
pin=$folder/base.pin
tag=debian:bookworm-slim
made=debian-bookworm-slim:made-like-debian

has() { docker image inspect "$1" >/dev/null 2>&1; }
pull() { echo "Pulling $1 ..." >&2; docker pull --quiet --platform linux/amd64 "$1" >&2; }
pinned() { sed -n "s/^$1=//p" "$pin"; }
# Of what was pulled by tag: later pulls may move the tag, the digest stays.
digest_of() { docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1" | sed -n 's/^debian@//p' | head -n 1; }
# Both are UTC and begin alike, so that text order is the order of time.
is_older() { [ "$(printf '%s\n%s\n' "$1" "$2" | LC_ALL=C sort | head -n 1)" = "$1" ] && [ "$1" != "$2" ]; }
made_is_old() { is_older "$(docker image inspect --format '{{.Created}}' "$made" | cut -c1-19)" "$(pinned renewed | cut -c1-19)"; }

make_from_packages() {
    echo "$tag cannot be pulled here. Making its equal, $made, from Debian packages ..." >&2
    if ! command -v mmdebstrap >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mmdebstrap; } >&2 || return 1
        else
            echo "mmdebstrap is missing. As root: apt-get install mmdebstrap. Or name an image that is here: make build BASE_IMAGE=..." >&2
            return 1
        fi
    fi
    archive=$(mktemp --suffix=.tar)
    trap 'rm -f "$archive"' EXIT
    # The same cuts as the slim image: no documentation, no manual pages, no translations, and /usr merged from the start,
    # without the package that merges it later and brings 50 MB of Perl. mmdebstrap takes the updates and security archives too.
    mmdebstrap --quiet --variant=minbase --architectures=amd64 --include=ca-certificates,usr-is-merged \
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        bookworm "$archive" >&2 || return 1
    docker import --platform linux/amd64 "$archive" "$made" >/dev/null
}

write_pin() {
    new=$(mktemp "$pin.XXXXXX")
    { sed -n '/^#/p' "$pin"; echo "renewed=$1"; echo "digest=$2"; } >"$new"
    chmod 644 "$new" && mv "$new" "$pin"
    echo "Renewed: $pin says so. Now \`make build\`, and commit that file." >&2
}

renew() {
    now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    if [ -n "${BASE_IMAGE:-}" ]; then
        pull "$BASE_IMAGE" || echo "$BASE_IMAGE cannot be pulled and stays; the build renews the packages on it." >&2
        write_pin "$now" "$(pinned digest)"
        echo "$BASE_IMAGE"
    elif pull "$tag"; then
        digest=$(digest_of "$tag")
        write_pin "$now" "$digest"
        echo "debian@$digest"
    else
        make_from_packages || { echo "The base was not renewed: it could be neither pulled nor made. What was there stays." >&2; exit 1; }
        write_pin "$now" ""
        echo "$made"
    fi
}

if [ "${1:-}" = --renew ]; then renew; exit 0; fi
if [ -n "${BASE_IMAGE:-}" ]; then echo "$BASE_IMAGE"; exit 0; fi

digest=$(pinned digest)
if [ -n "$digest" ]; then wanted=debian@$digest; else wanted=$tag; fi
# Without a digest in the pin, what this machine pulled once stays until it is renewed.
name_of_wanted() { if [ -n "$digest" ]; then echo "$wanted"; else found=$(digest_of "$tag"); echo "${found:+debian@}${found:-$tag}"; fi; }

if has "$wanted"; then name_of_wanted; exit 0; fi
if has "$made" && ! made_is_old; then echo "$made"; exit 0; fi
if pull "$wanted"; then name_of_wanted; exit 0; fi
if make_from_packages; then echo "$made"; exit 0; fi
has "$made" || {
    echo "There is no base for the images: $wanted could be neither pulled nor made here; the reasons are above." \
        "Mend one of them, or name an image that is here: make build BASE_IMAGE=..." >&2
    exit 1
}
echo "warning: $made is older than $pin asks for, and could not be made anew: it is used as it is." >&2
echo "$made"
