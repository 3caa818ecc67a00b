"""
Local order books. Nothing here knows an exchange.
"""
