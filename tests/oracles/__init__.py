"""Independent computations of what the product must publish, from the raw files alone, in plain pandas and Decimal.

Nothing here may import from ``orchestration.lib`` or read the working database: two ways to one number, or no proof.
Where the design leaves a choice open, the comment at the place says which one was taken.
"""
