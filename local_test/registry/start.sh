#!/bin/sh
# Free what deleted images held, then serve. Only now may blobs be collected: while it serves, a push may be under way.
set -eu
config=/etc/local-sagemaker-registry/config.yml
mkdir -p /var/lib/registry/docker/registry/v2/repositories /var/lib/registry/docker/registry/v2/blobs
docker-registry garbage-collect "$config" >/dev/null || echo "What deleted images held could not be freed." >&2
exec docker-registry serve "$config"
