"""
What is known about each order call: accepted, refused, not sent, or unknown. Knows no exchange.
"""
