#!/bin/sh
# Print the docker client that can drive BuildKit, and the flags that a build with it wants. Exit status 1, after a line
# that says what to do, where there is none.
set -eu

found=
for client in docker /usr/bin/docker /usr/local/bin/docker; do
    command -v "$client" >/dev/null 2>&1 || continue
    found=yes
    if "$client" buildx version >/dev/null 2>&1; then
        # SageMaker endpoints refuse the OCI manifests that attestations bring.
        echo "$client --load --provenance=false"
        exit 0
    fi
    # Before version 23 the client had it built in.
    major=$("$client" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    if [ "$major" -ge 18 ] && [ "$major" -lt 23 ]; then echo "$client"; exit 0; fi
done
[ -n "$found" ] || { echo "There is no docker command here: install Docker, or run \`make engine\`." >&2; exit 1; }
echo "This docker client cannot use BuildKit: install the docker-buildx plugin (https://docs.docker.com/go/buildx)." >&2
exit 1
