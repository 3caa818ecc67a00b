"""
What typed models are made of: declarations of fields, the reader compiled from them, exact numbers. Knows no exchange.
"""
