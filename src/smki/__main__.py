"""`python -m smki`: the command line."""

from smki.interfaces.cli import main

if __name__ == "__main__":
    main()
