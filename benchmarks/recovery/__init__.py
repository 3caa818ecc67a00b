"""How long it takes until a client sees that a line is gone, and until it has another one."""
