"""The commands for the exchange: orders, balances, streams, doctor; against simulators in this process."""
