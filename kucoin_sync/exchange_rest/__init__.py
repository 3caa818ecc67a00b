"""REST calls of an exchange: making them under one deadline and judging their answers. Knows no exchange."""
