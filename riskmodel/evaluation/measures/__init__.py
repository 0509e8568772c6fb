"""How good risks are: each figure, its interval, and what it is held against."""
