"""How much of an exchange one process on one core can be: orders answered, messages pushed, slow readers cut."""
