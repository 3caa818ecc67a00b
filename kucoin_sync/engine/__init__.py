"""
The layer that waits: threads, locks, sockets and HTTP.

Nothing here knows an exchange by name; what differs is asked from a `kucoin_sync.protocol.dialect.Dialect`.
"""
