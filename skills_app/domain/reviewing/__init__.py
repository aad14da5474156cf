"""Reviews as rules: risk, verdicts and their freshness, comments, whose turn it is, and what stops a promotion."""
