#!/bin/sh
# Make a virtual environment of locked packages, checked by hash: local_test/venv.sh FOLDER LOCK...
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
folder=$1
shift

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
    || { echo "Python 3.11 or newer is needed; here is: $("$python" --version 2>&1). Name another: make PYTHON=python3.11 ..." >&2; exit 1; }
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    # Debian keeps it in a package of its own.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv ca-certificates; } >/dev/null \
            || { echo "Python's venv module is missing, and apt-get could not install python3-venv; it says why above." >&2; exit 1; }
    else
        echo "Python's venv module is missing. As root: apt-get install python3-venv" >&2
        exit 1
    fi
fi
echo "Making $folder ..."
rm -rf "$folder"
"$python" -m venv "$folder"
for lock; do set -- "$@" -r "$lock"; shift; done
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: "$@" \
    2>"$folder/install.log" || {
        cat "$folder/install.log" >&2
        echo "The Python packages of $folder could not be installed; pip's reason is above. Without a network, or behind a proxy: PIP_INDEX_URL names an index that can be reached." >&2
        exit 1
    }
touch "$folder/ready"
