"""What all markets of the simulator share: orders, books, price-time matching, balances, and what is told of them."""
