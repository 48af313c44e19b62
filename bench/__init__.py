"""`make bench`: Homeroom beside the deployment that one would have without it, on this machine, in one run."""
