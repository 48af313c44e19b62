# Run in a lab before its server, once, when its owner asked for a reset: `sh -c THIS lab COMMAND...`. What they installed
# and configured goes into one directory of the home, so nothing is lost; notebooks and other files stay where they are.
# Only renames, so it works in a full home too. Nothing here may keep the lab from starting.
(
    PATH=/usr/local/bin:/usr/bin:/bin
    cd "$HOME" || exit
    aside=".homeroom-reset-$(date +%Y-%m-%d-%H%M%S)"
    mkdir "$aside" || exit
    for name in .local .cache .config .jupyter .ipython .conda .condarc .mambarc .npm .npmrc .julia .R .Rprofile \
        .Renviron .matplotlib .virtualenvs .pyenv .nvm .bashrc .bash_profile .bash_login .bash_aliases .profile \
        .zshrc .inputrc; do
        if [ -e "$name" ] || [ -L "$name" ]; then mv "$name" "$aside/"; fi
    done
    rmdir "$aside" 2>/dev/null # nothing was there to move
    cp -Rn /etc/skel/. . 2>/dev/null
) || echo "The reset of this lab's environment failed." >&2
exec "$@"
