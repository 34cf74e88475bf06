#!/bin/sh
# Make sure that a Docker engine answers: start it, or install Debian's where that is allowed (root and apt).
# Exit status 0 when one answers; else 1, after two lines that say what to do.
set -eu

answers() { command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; }

answers && exit 0

if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && [ -z "${DOCKER_HOST:-}" ]; then
    # A folder of its own, with a name that nobody can know before: a link there would have root write where it leads.
    logs=$(mktemp -d "${TMPDIR:-/tmp}/docker-engine.XXXXXXXX")
    if ! command -v dockerd >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
        echo "No Docker engine on this machine: installing Debian's docker.io ..."
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io; } >"$logs/install.log" 2>&1 \
            || { echo "docker.io could not be installed; see $logs/install.log." >&2; exit 1; }
    fi
    if command -v dockerd >/dev/null 2>&1; then
        echo "Starting the Docker engine ..."
        if [ -d /run/systemd/system ]; then
            systemctl start docker
        else
            # Without an init system nothing else has mounted the control groups.
            if command -v cgroupfs-mount >/dev/null 2>&1; then cgroupfs-mount || true; fi
            # A session of its own, so that the engine outlives this command.
            setsid nohup dockerd >"$logs/dockerd.log" 2>&1 </dev/null &
        fi
        deadline=$(($(date +%s) + 60))
        until answers; do
            [ "$(date +%s)" -lt "$deadline" ] || { echo "dockerd does not answer after 60 s; see $logs/dockerd.log, or journalctl -u docker where systemd runs it." >&2; exit 1; }
            sleep 0.2
        done
        exit 0
    fi
    rmdir "$logs"
fi

case $(docker info 2>&1 || true) in
    *[Pp]"ermission denied"*)
        echo "The Docker engine is there, and this user may not use it (permission denied)." >&2
        echo "Join its group, then log in again: sudo usermod -aG docker \$USER" >&2
        exit 1 ;;
esac
if [ -n "${DOCKER_HOST:-}" ]; then
    echo "No Docker engine answers at DOCKER_HOST=$DOCKER_HOST." >&2
    echo "Start the one there, or take this machine's own: unset DOCKER_HOST" >&2
    exit 1
fi
echo "No Docker engine answers, and this user may not install or start one." >&2
echo "Start Docker Desktop, or as root: apt-get install docker.io && systemctl start docker (https://docs.docker.com/engine/install)" >&2
exit 1
