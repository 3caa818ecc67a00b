"""
OKX: what its connections are, how they are spelled, and the clients made of them.
"""
