"""
What the simulator says of KuCoin's public services, put to a service: to a simulator, or to the real one.

Run with ``python -m tests.conformance``; see ``docs/simulator_checklist.rst``.
"""
