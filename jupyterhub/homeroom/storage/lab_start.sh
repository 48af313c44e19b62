# What every lab does first, as its own user, in whatever image: `sh -c THIS lab COMMAND...`. Nothing here may keep the
# lab from starting: whatever lies in the home, nothing of it is opened that could make a reader wait, and what walks
# through it has a bound in time. Told by the hub: HOMEROOM_UMASK, HOMEROOM_SKELETON,
# HOMEROOM_SKELETON_FOLDER (of the home, where it goes), HOMEROOM_LINKS ("<link in the
# home>=<place>" each, between spaces), HOMEROOM_LINKED (where those places are), HOMEROOM_GIT_PLACES.
homeroom_path="$PATH"
PATH=/usr/local/bin:/usr/bin:/bin # no program of the home's runs before the server
[ -z "${HOMEROOM_UMASK:-}" ] || umask "$HOMEROOM_UMASK"

# A home that its owner has closed to themselves is opened again. A lab starts in its home, whatever the image says.
if ! { [ -r "$HOME" ] && [ -w "$HOME" ] && [ -x "$HOME" ]; }; then chmod u+rwx "$HOME" 2>/dev/null; fi
cd "$HOME" 2>/dev/null || cd /

homeroom_has_room() {
    # In a new directory: nothing that lies there is written to.
    probe="$(mktemp -d "$HOME/.homeroom-probe.XXXXXX" 2>/dev/null)" || return 1
    { head -c 131072 /dev/zero >"$probe/file" && sync "$probe/file"; } 2>/dev/null
    outcome=$?
    rm -rf "$probe" 2>/dev/null
    return "$outcome"
}

# Whether what the server reads of the home at its start, and for its page, are plain files, few and of a sensible size.
homeroom_readable() {
    homeroom_plain "$HOME/.jupyter/labconfig" 2 100 && homeroom_well_formed "$HOME/.jupyter/labconfig" &&
        homeroom_plain "$HOME/.jupyter/lab" 4 20000
}

homeroom_plain() { # FOLDER DEPTH MOST
    [ -e "$1" ] || return 0
    found="$(timeout 5 find -L "$1" -maxdepth "$2" 2>/dev/null | head -n "$(($3 + 1))" | wc -l)"
    odd="$(timeout 5 find -L "$1" -maxdepth "$2" \( ! -type f ! -type d -o ! -readable -o -size +2047 \) -print -quit 2>/dev/null)" &&
        [ -z "$odd" ] && [ "$found" -le "$3" ]
}

# JupyterLab passes over what is no JSON; of what is none of its own form, its page would be gone without a word.
homeroom_well_formed() {
    { [ -e "$1" ] && command -v python3 >/dev/null; } || return 0
    timeout 5 python3 -I -S -c '
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
for file in [*folder.glob("*.json"), *folder.glob("*/*.json")]:
    try:
        given = {} if file.is_dir() else json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError:
        continue
    if "overrides" in str(file.relative_to(folder)) and not all(isinstance(one, dict) for one in given.values()):
        sys.exit(1)
    named = [given.get(f"{which}Extensions", []) for which in ("disabled", "locked", "deferred")]
    if not all(isinstance(names, dict | list) and all(isinstance(name, str) for name in names) for names in named):
        sys.exit(1)
' "$1" 2>/dev/null
}

homeroom_elsewhere() {
    rescue="$(mktemp -d /tmp/homeroom-rescue.XXXXXX)" || rescue=/tmp
    export HOMEROOM_RESCUE="$1"
    export JUPYTER_RUNTIME_DIR="$rescue/runtime" JUPYTER_CONFIG_DIR="$rescue/config" JUPYTER_DATA_DIR="$rescue/data"
    export JUPYTER_PATH="$HOME/.local/share/jupyter${JUPYTER_PATH:+:$JUPYTER_PATH}"
    export JUPYTERLAB_SETTINGS_DIR="$rescue/settings" JUPYTERLAB_WORKSPACES_DIR="$rescue/workspaces"
    export IPYTHONDIR="$rescue/ipython" XDG_CACHE_HOME="$rescue/cache" MPLCONFIGDIR="$rescue/matplotlib"
    export HISTFILE="$rescue/history"
    mkdir -p "$JUPYTER_RUNTIME_DIR" "$JUPYTER_CONFIG_DIR" "$JUPYTER_DATA_DIR" "$IPYTHONDIR"
}

# The places in which Git may work, in a file: whatever reads a repository for a clone or a pull is told nothing of what
# GIT_CONFIG_COUNT says, and a profile's own GIT_CONFIG_* stay as they are.
# https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
if [ -n "${HOMEROOM_GIT_PLACES:-}" ] && places="$(mktemp /tmp/gitconfig.XXXXXX 2>/dev/null)"; then
    system="${GIT_CONFIG_SYSTEM:-/etc/gitconfig}"
    {
        [ ! -f "$system" ] || printf '[include]\n\tpath = "%s"\n' "$system"
        for place in $HOMEROOM_GIT_PLACES; do
            printf '[safe]\n\tdirectory = "%s"\n\tdirectory = "%s/*"\n' "$place" "$place"
        done
    } >"$places"
    export GIT_CONFIG_SYSTEM="$places"
fi

if homeroom_has_room; then
    unset HOMEROOM_RESCUE

    # The skeleton, once: what is there already stays as it is. The mark comes last, so a broken-off copy goes on.
    mark="$HOME/.local/share/homeroom/first-start"
    if [ ! -e "$mark" ]; then
        into="$HOME/${HOMEROOM_SKELETON_FOLDER:-}"
        mkdir -p "$into" 2>/dev/null
        if [ -d "${HOMEROOM_SKELETON:-}" ]; then
            for found in "$HOMEROOM_SKELETON"/* "$HOMEROOM_SKELETON"/.[!.]*; do
                [ ! -e "$found" ] || cp -Rn "$found" "$into" 2>/dev/null
            done
        fi
        mkdir -p "${mark%/*}" 2>/dev/null && true 2>/dev/null >"$mark" # not `:`, with which the shell would end
    fi
    mkdir -p "$HOME/.local/share/jupyter" 2>/dev/null # extensions keep databases there, and take it for granted

    # Shares that belong in the home: links to where they are mounted. Links to shares that are gone go too.
    if [ -n "${HOMEROOM_LINKED:-}" ]; then
        timeout 5 find "$HOME" -mindepth 1 -maxdepth 2 -lname "$HOMEROOM_LINKED/*" -xtype l -delete 2>/dev/null
        for pair in ${HOMEROOM_LINKS:-}; do
            link="${pair%%=*}"
            [ -e "$link" ] || [ -L "$link" ] || { mkdir -p "${link%/*}" && ln -s "${pair#*=}" "$link"; } 2>/dev/null
        done
    fi

    if ! homeroom_readable; then
        homeroom_elsewhere settings
        echo "The settings in this lab's home cannot be read: it starts without them." >&2
    fi
else
    # The home takes nothing more. The lab starts all the same, so that its owner can delete something: what it must
    # write itself goes elsewhere, until the next start.
    homeroom_elsewhere 1
    echo "The home of this lab is full: it starts in rescue mode." >&2
fi
PATH="$homeroom_path"
exec "$@"
