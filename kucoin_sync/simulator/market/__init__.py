"""Market data made of trades and books, and the house traders that move the markets."""
