"""`python -m poolkit` is the command `poolkit`."""

from poolkit.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
