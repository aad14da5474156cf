"""The numbers and words of the agent skills specification and its hosts, each once."""

import re

NAME_MAX = 64
DESCRIPTION_MAX = 1_024
COMPATIBILITY_MAX = 500
NAME_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
RESERVED_WORDS = ("claude", "anthropic")
SPEC_KEYS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")

BODY_LINES_ADVICE = 500
BODY_TOKENS_ADVICE = 5_000
CATALOG_TOKENS_ADVICE = 100

CLAUDE_ENTRY_CHARACTERS = 1_536
CLAUDE_CONTEXT_SHARE = 0.01
CODEX_CATALOG_CHARACTERS = 8_000
CODEX_CONTEXT_SHARE = 0.02
