"""Tests of what is said about requests."""
