"""The version, in one place; setup.cfg parses it without importing the package."""

__version__ = "0.1.0"
