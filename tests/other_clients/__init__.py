"""Clients others have written, against the simulator."""
