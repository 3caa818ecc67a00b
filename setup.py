"""All metadata lives in setup.cfg; this shim is for tools that still look for a setup.py."""

from setuptools import setup

setup()
