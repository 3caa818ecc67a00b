"""Tests of the layer that computes: time is a number a test passes, and no socket is opened."""
