"""Sphinx: ``python -m sphinx -W -b html docs docs/_build/html``, without any network."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_extensions")]

from kucoin_sync import __version__  # noqa: E402  (from this tree, installed or not)

project = "kucoin-sync"
author = "the kucoin-sync authors"
copyright = "the kucoin-sync authors"
version = release = __version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "benchmark_bars", "scaling_curves"]
exclude_patterns = ["_build", "_extensions"]
default_role = "py:obj"  # docstrings name things in single backticks

autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_static_path = ["_static"]
html_theme = "furo"
html_css_files = ["custom.css"]
html_show_sourcelink = False
