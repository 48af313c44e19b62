"""`python -m generator VERB`."""

from generator.cli import main

if __name__ == "__main__":
    main()
