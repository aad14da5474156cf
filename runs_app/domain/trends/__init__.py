"""Trends: what a day's rollup holds, how days are merged, and when a change is called one."""
