"""Faults on demand: which ones wait for their moment, what is held back, what is done to a frame on its way."""
