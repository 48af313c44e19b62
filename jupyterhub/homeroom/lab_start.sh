# What every lab does first, as its own user, in whatever image: `sh -c THIS lab COMMAND...`. Nothing here may keep the
# lab from starting. Told by the hub: HOMEROOM_UMASK, HOMEROOM_SKELETON, HOMEROOM_LINKS ("<link in the home>=<place>"
# each, between spaces), HOMEROOM_LINKED (where those places are).
homeroom_path="$PATH"
PATH=/usr/local/bin:/usr/bin:/bin # no program of the home's runs before the server
[ -z "${HOMEROOM_UMASK:-}" ] || umask "$HOMEROOM_UMASK"

homeroom_has_room() {
    probe="$HOME/.homeroom-probe.$$"
    { head -c 131072 /dev/zero >"$probe" && sync "$probe"; } 2>/dev/null
    outcome=$?
    rm -f "$probe" 2>/dev/null
    return "$outcome"
}

if homeroom_has_room; then
    unset HOMEROOM_RESCUE

    # The skeleton, once: what is there already stays as it is. The mark comes last, so a broken-off copy goes on.
    mark="$HOME/.local/share/homeroom/first-start"
    if [ ! -e "$mark" ]; then
        if [ -d "${HOMEROOM_SKELETON:-}" ]; then
            for found in "$HOMEROOM_SKELETON"/* "$HOMEROOM_SKELETON"/.[!.]*; do
                [ ! -e "$found" ] || cp -Rn "$found" "$HOME/" 2>/dev/null
            done
        fi
        mkdir -p "${mark%/*}" 2>/dev/null && : 2>/dev/null >"$mark"
    fi

    # Shares that belong in the home: links to where they are mounted. Links to shares that are gone go too.
    if [ -n "${HOMEROOM_LINKED:-}" ]; then
        for found in "$HOME"/* "$HOME"/*/*; do
            [ -L "$found" ] || continue
            case "$(readlink "$found")" in "$HOMEROOM_LINKED"/*) [ -e "$found" ] || rm -f "$found" ;; esac
        done
        for pair in ${HOMEROOM_LINKS:-}; do
            link="${pair%%=*}"
            [ -e "$link" ] || [ -L "$link" ] || { mkdir -p "${link%/*}" && ln -s "${pair#*=}" "$link"; } 2>/dev/null
        done
    fi
else
    # The home takes nothing more. The lab starts all the same, so that its owner can delete something: what it must
    # write itself goes elsewhere, until the next start.
    rescue="$(mktemp -d /tmp/homeroom-rescue.XXXXXX)" || rescue=/tmp
    export HOMEROOM_RESCUE=1
    export JUPYTER_RUNTIME_DIR="$rescue/runtime" JUPYTER_CONFIG_DIR="$rescue/config" JUPYTER_DATA_DIR="$rescue/data"
    export JUPYTER_PATH="$HOME/.local/share/jupyter${JUPYTER_PATH:+:$JUPYTER_PATH}"
    export JUPYTERLAB_SETTINGS_DIR="$rescue/settings" JUPYTERLAB_WORKSPACES_DIR="$rescue/workspaces"
    export IPYTHONDIR="$rescue/ipython" XDG_CACHE_HOME="$rescue/cache" MPLCONFIGDIR="$rescue/matplotlib"
    export HISTFILE="$rescue/history"
    mkdir -p "$JUPYTER_RUNTIME_DIR" "$JUPYTER_CONFIG_DIR" "$JUPYTER_DATA_DIR" "$IPYTHONDIR"
    echo "The home of this lab is full: it starts in rescue mode." >&2
fi
PATH="$homeroom_path"
exec "$@"
