#!/bin/sh
# Make sure that a Chromium or Chrome is here: install Debian's where that is allowed (root and apt).
# Exit status 0 when one is there; else 1, after two lines that say what to do.
set -eu

for name in chromium google-chrome google-chrome-stable chromium-browser "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done

if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "No browser on this machine: installing Debian's chromium ..."
    # A name that nobody can know before: a link there would have root write where it leads.
    log=$(mktemp "${TMPDIR:-/tmp}/install-chromium.XXXXXXXX")
    # fonts-dejavu-core: letters of the right-to-left scripts that the tests show.
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } \
        >"$log" 2>&1 || { echo "Debian's chromium could not be installed; see $log." >&2; exit 1; }
    rm -f "$log"
    exit 0
fi

echo "Neither chromium nor Google Chrome is here, and this user may not install one." >&2
echo "Install Google Chrome, or as root: apt-get install chromium (https://www.chromium.org/getting-involved/download-chromium)" >&2
exit 1
