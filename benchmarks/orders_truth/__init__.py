"""
The truth soak: order calls from many threads under faults, every answer compared with what the exchange really did.

    python -m benchmarks.orders_truth --orders 10000 --seed 1

One simulator runs in a process of its own; a client reaches its order-entry host through a proxy that can cut, stall
and slice lines. A seeded schedule of faults runs beside the callers, reconciliation of what is unknown on threads
beside both. At the end `judge` compares every answer, and every fate that reconciliation found, with the truth log.
"""
