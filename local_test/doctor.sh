#!/bin/sh
# `make doctor`: this machine and the AWS account, side by side. Exit status 0 when nothing stops what runs here; what
# the account lacks does not count. Works where .venv could not be made, too: on a new machine without a network.
set -u
cd "$(dirname "$0")/.."
if [ -e .venv/ready ]; then python=.venv/bin/python; else python=${PYTHON:-python3}; fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Python 3.11 or newer is needed to look at this machine, and \`$python\` is none. Name another: make doctor PYTHON=python3.11" >&2
    exit 1
}
if [ ! -e .venv/ready ]; then
    "$python" -m local_test.doctor
    echo
    echo "The Python packages in .venv could not be installed, as is said above: nothing can run yet, and the AWS account was not looked at."
    echo "Next: make .venv/ready, with a network, or with PIP_INDEX_URL naming an index that can be reached"
    exit 1
fi

# `make doctor ARGS=--json`: both halves as one document, instead of two tables.
case " ${ARGS:-} " in *" --json "*) json=--json ;; *) json= ;; esac
echo "Looking at this machine and at the AWS account, for some ten seconds" >&2
halves=$(mktemp -d)
trap 'rm -rf "$halves"' EXIT
"$python" -m scripts.doctor $json >"$halves/account" &
"$python" -m local_test.doctor $json >"$halves/machine"
machine=$?
wait $!
settings=$?
if [ -n "$json" ]; then
    printf '{"machine": %s,\n"account": %s}\n' "$(cat "$halves/machine")" "$(cat "$halves/account")"
else
    cat "$halves/machine"
    echo
    cat "$halves/account"
fi
[ "$settings" = 0 ] && exit "$machine"
exit 1
