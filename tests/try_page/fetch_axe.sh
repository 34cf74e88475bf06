#!/bin/sh
# Fetch axe-core, checked by the hash in package-lock.json: tests/try_page/fetch_axe.sh FOLDER
set -eu
folder=$1
command -v npm >/dev/null 2>&1 || {
    echo "npm is not here. It fetches axe-core, the rules of accessibility for the page of \`make try\`: install Node.js (Debian: apt-get install npm)." >&2
    exit 1
}
mkdir -p "$folder"
cp tests/try_page/package.json tests/try_page/package-lock.json "$folder"
npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent || {
    echo "axe-core could not be fetched from npm's registry: it needs the network once. \`npm ci --prefix $folder\` says more." >&2
    exit 1
}
touch "$folder/node_modules/axe-core/axe.min.js"  # newer than the lock, for make
