"""How a simulator is steered and asked: one set of methods, for one in this process and for one in another."""
