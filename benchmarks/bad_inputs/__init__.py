"""
A client of this library against a server that sends nonsense, and good messages in between that must arrive.

``python -m benchmarks.bad_inputs`` runs it, ``python -m benchmarks.bad_inputs.coverage`` fuzzes the pure readers;
``benchmarks/README.rst`` says what is tried and what counts as a finding.
"""
