# Run in a lab before its server, once, when its owner asked for a reset: `sh -c THIS lab COMMAND...`. What they installed
# and configured goes into one directory of the home, so nothing is lost; notebooks and other files stay where they are.
# The directory, and what is in it, have names that the page's file browser shows: `.local` is `local` there.
# Only renames, so it works in a full home too. Nothing here may keep the lab from starting.
(
    PATH=/usr/local/bin:/usr/bin:/bin
    chmod u+rwx "$HOME" 2>/dev/null
    cd "$HOME" || exit
    aside="set-aside-$(date +%Y-%m-%d-%H%M%S)"
    mkdir "$aside" || exit
    for name in .local .cache .config .jupyter .ipython .conda .condarc .mambarc .npm .npmrc .julia .R .Rprofile \
        .Renviron .matplotlib .virtualenvs .pyenv .nvm .bashrc .bash_profile .bash_login .bash_aliases .profile \
        .zshrc .inputrc .netrc .gitconfig .pip .pydistutils.cfg .pythonrc .pythonrc.py .homeroom-probe.*; do
        if [ -e "$name" ] || [ -L "$name" ]; then
            if [ -d "$name" ] && [ ! -L "$name" ]; then chmod u+rwx "$name"; fi # one that is closed cannot be moved
            mv "$name" "$aside/${name#.}"
        fi
    done
    if ! rmdir "$aside" 2>/dev/null; then # else nothing was there to move
        echo "What a reset of this lab's environment set aside. Names have lost the dot that they began with." \
            >"$aside/README.txt"
    fi
    cp -Rn /etc/skel/. . 2>/dev/null
) || echo "The reset of this lab's environment failed." >&2
exec "$@"
