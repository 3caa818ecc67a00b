"""
Benchmarks of kucoin_sync against the limit of the machine and against other synchronous clients.

``python -m benchmarks`` runs them and prints one table; README.rst says what is measured and what is not.
"""
