"""An evaluation as pictures, as one page, and as a folder."""
