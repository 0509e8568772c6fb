"""Write the data dictionary of the catalogue: features/README.md and features/dictionary.html.

Run after an edit of features/*.toml: ``make dictionary``, or this file with the environment's
Python.
"""

from pathlib import Path

from riskmodel.features import load_catalogue
from riskmodel.features.dictionary import written

FEATURES = Path(__file__).resolve().parent.parent / "features"
START, END = "<!-- dictionary -->", "<!-- end of dictionary -->"


def main() -> None:
    """Write both files."""
    catalogue = load_catalogue()
    readme = FEATURES / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(START)
    after = rest.split(END)[1]
    table = written(catalogue, "markdown")
    readme.write_text(f"{before}{START}\n{table}{END}{after}", encoding="utf-8")
    page = FEATURES / "dictionary.html"
    page.write_text(written(catalogue, "html"), encoding="utf-8")


if __name__ == "__main__":
    main()
