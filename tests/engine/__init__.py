"""Tests of the layer that waits."""
