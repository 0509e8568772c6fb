"""python -m riskmodel.cli."""

from riskmodel.cli import main

main()
