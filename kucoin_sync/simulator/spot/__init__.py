"""The spot market of the simulator: its exchange, margin, lending, stop orders and call auctions. Pure computation."""
