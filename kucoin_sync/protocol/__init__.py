"""
The layer that computes: frames, sessions, subscriptions and timing as plain functions and state machines.

Nothing here opens a socket, starts a thread or reads a clock; time arrives as an argument (``now``, seconds on the
monotonic clock). Nothing here knows an exchange: what differs between exchanges is asked from a `Dialect`.
"""
