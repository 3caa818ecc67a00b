"""
A soak: a client works for an hour under load and reconnects, and must be at the end what it was at the beginning.

Its threads, descriptors, tables and memory are watched, and every message is counted on both sides.
"""
