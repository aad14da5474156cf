"""Change-sets of the taxonomy: operations on a tree of plain rows, what stands in their way, what they change, and the way back."""
