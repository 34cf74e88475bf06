#!/bin/sh
# Free what deleted images held, then serve. Only now may blobs be collected: while it serves, a push may be under way.
set -eu
folder=/etc/local-sagemaker-registry
mkdir -p /var/lib/registry/docker/registry/v2/repositories /var/lib/registry/docker/registry/v2/blobs
docker-registry garbage-collect "$folder/config.yml" >/dev/null || echo "What deleted images held could not be freed." >&2
# The container ends with either of the two. nginx, process 1, does not hear the first signal before it is ready for one.
{ docker-registry serve "$folder/config.yml" || true; while kill -TERM 1; do sleep 0.1; done; } &
exec nginx -e stderr -c "$folder/nginx.conf"
