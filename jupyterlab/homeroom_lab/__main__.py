"""The lab's server: `python -P -m homeroom_lab`, with the arguments of `jupyterhub-singleuser`.

`-P` keeps the directory it is started in, which is the user's home, out of what it imports from.
"""

from homeroom_lab.start import main

main()
