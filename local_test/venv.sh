#!/bin/sh
# Make .venv with what local_test and tests need on the host, locked by hash.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || { echo "Python 3.11 or newer is needed; $("$python" --version) is here. Name another: make PYTHON=python3.11 ..." >&2; exit 1; }
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    # Debian keeps it in a package of its own.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv ca-certificates; } >/dev/null
    else
        echo "Python's venv module is missing. As root: apt-get install python3-venv" >&2
        exit 1
    fi
fi
echo "Making .venv ..."
rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    -r scripts/requirements.txt -r local_test/requirements.txt -r tests/requirements.txt 2>.venv/install.log || { cat .venv/install.log >&2; exit 1; }
touch .venv/ready
