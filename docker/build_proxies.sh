#!/bin/sh
# Print the flags with which the steps of a build get this shell's proxies, a line each. None where Docker's configuration
# names proxies: its client hands those on itself. They are predefined build arguments, which leave nothing in an image:
# https://docs.docker.com/reference/dockerfile/#predefined-args
set -eu

if grep -qs '"proxies"' "${DOCKER_CONFIG:-${HOME:-}/.docker}/config.json"; then exit 0; fi
for name in http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY ftp_proxy FTP_PROXY; do
    eval "proxy=\${$name:-}"
    case $proxy in
        '') ;;
        127.* | *//127.* | *@127.* | localhost* | *//localhost* | *@localhost* | *//\[::1\]* | *@\[::1\]*)
            echo "$name is a proxy on this machine's loopback, which the steps of a build do not reach: they go without it. Name one that they" \
                "reach in Docker's configuration: https://docs.docker.com/engine/cli/proxy/" >&2 ;;
        *) echo "--build-arg=$name" ;; # its value comes from the environment, and no process list shows it
    esac
done
for name in no_proxy NO_PROXY; do
    eval "hosts=\${$name:-}"
    [ -z "$hosts" ] || echo "--build-arg=$name"
done
