"""Tests of what the package knows about KuCoin."""
