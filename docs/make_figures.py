"""Bring README up to date from what `make demo` made: its table and one waterfall picture.

Run by hand after the demo: ``.venv/bin/python docs/make_figures.py``.
"""

import re
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
DEMO = TOP / "demo"
WATERFALL = re.compile(r'<svg role="img" aria-labelledby="w.*?</svg>', re.DOTALL)


def main() -> None:
    """Write docs/waterfall.svg and the table between README's markers."""
    page = (DEMO / "report_early_simulated.html").read_text(encoding="utf-8")
    picture = WATERFALL.search(page)
    if picture is None:
        raise SystemExit("The demo's report holds no waterfall. Run 'make demo' again.")
    white = picture[0].replace("<svg ", '<svg style="background:#fff" ', 1)
    (TOP / "docs" / "waterfall.svg").write_text(white + "\n", encoding="utf-8")
    readme = TOP / "README.md"
    summary = (DEMO / "summary.txt").read_text(encoding="utf-8").rstrip()
    start, end = "<!-- demo table -->", "<!-- end of demo table -->"
    before, rest = readme.read_text(encoding="utf-8").split(start)
    after = rest.split(end)[1]
    readme.write_text(f"{before}{start}\n```\n{summary}\n```\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
