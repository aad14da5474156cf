"""Phrases that the patterns of ``fleet-1`` must know, and near ones that they must not, written out by hand."""

# Of these, a letter put before or after the phrase makes it another word, which must not be found.
WHOLE_WORDS: dict[str, list[str]] = {
    "condition": ["when", "whenever", "if", "before", "after", "while", "during", "once", "asked to"],
    "bid": [
        "use this", "use it", "use when", "use whenever", "use if", "use for",
        *[f"{verb} {rest}" for verb in ("load", "invoke", "trigger", "activate", "pick", "choose", "apply")
          for rest in ("this", "it", "when", "if", "for")],
        "should be used", "must be used", "should be loaded", "must be applied", "reach for",
    ],
    "occasion": [
        "when", "whenever", "if", "use case", "use cases", "scenario", "scenarios", "situation", "situations",
        "occasion", "occasions", "suit", "suits", "suited", "suitable", "apply", "applies", "good fit",
        "good for", "reach for",
    ],
    "boundary": [
        *[f"{no} {rest}" for no in ("not", "never", "don't", "doesn't", "shouldn't")
          for rest in ("use", "to load", "apply", "cover")],
        *[f"{no} {rest}" for no in ("not", "isn't", "aren't")
          for rest in ("meant", "suited", "needed", "intended", "for")],
        "avoid this", "avoid it", "avoid when", "avoid if", "avoid forcing", "out of scope",
        "skip this", "skip it", "skip when", "skip if", "poor fit", "bad fit", "overkill",
    ],
    "check_heading": [
        "verify", "verifying", "verification", "validate", "validating", "validation", "checklist",
        "checks", "checking", "done when", "success criteria",
    ],
    "firm": [
        "must", "mustn't", "never", "always", "do not", "don't", "you cannot", "is required", "are required",
        "mandatory", "no code without", "only when", "only if", "only after", "avoid",
    ],
    "reason": [
        "because", "so that", "otherwise", "since", "to avoid", "to prevent", "to keep", "to reduce", "prevents",
        "avoids", "ensures", "reduces", "causes", "breaks", "eliminates", "result in", "results in",
        "resulting in", "lead to", "leads to", "which means", "defeats",
    ],
    "wrong_side": [
        "bad", "wrong", "incorrect", "avoid", "broken", "poor", "shallow", "mistake", "mistakes", "problem",
        "problems", "anti pattern", "anti-patterns", "antipattern", "don't", "dont", "don'ts", "do not",
    ],
    "right_side": [
        "good", "right", "correct", "better", "preferred", "recommended", "thorough", "fix", "solution",
        "production pattern",
    ],
    "aside": ["instead of", "rather than", "as opposed to"],
    "placeholder": [
        "todo", "placeholder", "your code here", "your logic here", "your implementation here",
    ],
    "points": [
        "see", "read", "refer to", "consult", "open", "follow", "load", "run", "use", "check", "details in",
        "more at", "example in", "examples at",
    ],
    "when_to_read": ["when", "if", "before", "after", "for"],
}  # fmt: skip

# Found anywhere, or with rules of their own about what stands beside them.
FOUND: dict[str, list[str]] = {
    "numbered_heading": ["1. a", "12) a", "3: a", "4 a", "step 1. a"],
    "check": [
        "verify", "check", "confirm", "validate", "inspect", "double-check", "double check", "a\ncheck",
        "run the test", "run all tests", "rerun the check", "re-run the checks", "run the lint",
        "run the linter", "run the build", "run the suite", "a\nrun a test",
        *[f"please {verb} {what}" for verb in ("verify", "confirm", "make sure", "ensure")
          for what in ("that", "the", "it", "your", "no", "every", "all", "each")],
        "then validate with",
    ],
    "check_in_code": [
        *[f"{mark}{verb}" for mark in ("#", "//", "--")
          for verb in ("verify", "check", "test", "confirm", "validate")],
        "#  check",
    ],
    "placeholder": ["... and ...", "... x ...", "raise notimplementederror"],
    "file_tree": ["├", "└", "│"],
    "file_heading": ["src/a.py", "`src/a.py`", "a.yaml", "singleton (`a/b.py`)", "`a.py", "a.py`"],
    "quoted_words": ['"abc d e"', "“abc d e”", '"set up my memory"', '"a b c d"'],
    "command": ["git log", "./run --all", "npm run", "a b", "_a 'b'", "@a $b", "-a \"b", "/a *", "a <b>", "a.b-c @d"],
    "wrong_side": ["❌", "✗", "✘"],
    "right_side": ["✅", "✓", "✔", "do", "dos", "do's", "instead"],
    "wrong_in_code": [
        *[f"{mark} {word}" for mark in ("#", "//", "--") for word in ("wrong", "bad", "incorrect", "avoid", "don't")],
        "# so ❌", "# this is wrong",
    ],
    "right_in_code": [
        *[f"{mark} {word}" for mark in ("#", "//", "--") for word in ("right", "good", "correct", "better", "instead")],
        "# so ✅", "# this is right",
    ],
    "file_link": ["](a.md)", "](./a/b.md)", "](a b.md)", "](-a/b c.py)"],
    "file_name": ["`a/b.md`", "`./a/b/c`", "`a-b/c`", "`a//`"],
    "when_to_read": ["to learn"],
    "firm": ["no a_1 without"],
    "boundary": ["never to use"],
}  # fmt: skip

NOT_FOUND: dict[str, list[str]] = {
    "numbered_heading": ["a 1. b", "1.a", "v1. a", "step a", "1.). a"],
    "check": [
        "a check",
        "recheck",
        "checks",
        "verifying it",
        "to inspect",
        "run",
        "running a test",
        "run the testz",
        "run\nthe tests",
        "run xtest",
        "please verify zthat",
        "xverify that",
        "ensure thatz",
        "xvalidate with",
        "please validate withz",
        "we double check",
        "to run the tests",
        "run testszz",
        "unverify it",
    ],
    "check_heading": [],
    "check_in_code": ["# checked", "verify", "# a check", "#\ncheck"],
    "placeholder": ["...", "...\n...", "zraise notimplementederror"[1:-1]],
    "file_heading": ["src/a", "see a.py now", "a.toolong", "the a.py", "(`a/b.py`) more", "(`a/b`)"],
    "quoted_words": ['"abc"', '"ab c"', '"abc d\ne f"', "abc d e"],
    "command": ["git", "a/b.py", '{ "step": 0 }', "[] x", "a (b)", " a b", "a  b"],
    "right_side": ["do it", "to do", "undo", "xdo", "instead of", "use instead"],
    "wrong_in_code": ["wrong", "# wrongly", "# awrong", "#\nwrong"],
    "right_in_code": ["right", "# rightly", "# aright", "#\nright"],
    "file_link": ["](https:x.md)", "](a)", "](#a.md)", "](/a.md)", "](.)", "]( a.md)", "a.md)"],
    "file_name": ["`a.md`", "`a/`", "a/b.md", "`/a/b`", "`a b/c`"],
    "when_to_read": ["to ", "into learn"],
    "firm": ["inputs that do not match", "tasks that don't", "no without"],
    "occasion": ["use casez"],
}

# Sentences that instruct, one for each verb that is known, and sentences that do not.
_VERB_WORDS = """
accept add adjust align allow analyze annotate answer append apply ask assert assign attach audit avoid await batch
begin block break build bundle cache call capture catch change check choose clean clear close collect combine commit
compare compile compose compute configure confirm connect consider convert copy count create cross-reference debug
declare deduplicate define delete delegate deploy describe design detect determine disable discard document don't
download drop edit emit enable enforce ensure escape establish evaluate examine exclude execute expand expect explain
explore export expose extend extract fail fetch fill filter find fix flag focus follow force form format generate get
give group guard handle hide identify ignore implement import include increase index infer inform initialize inject
inspect install integrate invoke isolate join keep label launch leave limit link list load locate lock log look
maintain make map mark match measure merge migrate minimize mock monitor move name narrow navigate never normalize
note notify offer omit open optimize order organize override pass patch pause pick pin place plan poll prefer prepare
present preserve print prioritize process produce profile protect provide prune publish push put query raise read
rebuild record reduce refactor refer register reject release rely reload remove rename render repeat replace report
request require research reset resolve respect restart restrict retrieve retry return reuse review revert rewrite
rotate route run sanitize save say scan schedule scope search select send separate serve set share ship show simplify
skip sort specify split stage start state stop store structure submit summarize support suggest swap switch
synchronize tag target tell terminate test think throw track transform translate treat trigger trim try turn type
update upgrade use validate verify version visit wait warn watch work wrap write
"""
VERB_WORDS = _VERB_WORDS.split()
_OPENER_WORDS = "always please then first next finally also now only just must do not"
OPENER_WORDS = _OPENER_WORDS.split()
_NOUN_MAKERS = "of is are was were has have can and or"
NOUN_MAKERS = _NOUN_MAKERS.split()
_CIRCUMSTANCE_WORDS = "when whenever if before after while once for in to during"
CIRCUMSTANCE_WORDS = _CIRCUMSTANCE_WORDS.split()
_VAGUE_WORDS = """
comprehensive expert expertise guidance guide various general generic best practice practices modern robust powerful
skill skills tool tools framework industry standard standards including focusing covers effective efficient advanced
complete ultimate simple easy workflow workflows with that this from into using when what which such their your have
been will should must them they user users used uses while after before during about more most other than then these
those also and for the are not any all
"""
VAGUE_WORDS = _VAGUE_WORDS.split()

DIRECTIVES: list[tuple[str, bool]] = [
    ("Run the tests.", True),
    ("**Run** the tests.", True),
    ("Please always run the tests.", True),
    ("Do not run the tests.", True),
    ("When in doubt, ask the user.", True),
    ("When in doubt ask the user.", False),
    ("The user asks, run the tests.", False),
    ("**Cross-check**: compare both.", True),
    ("Build speed: it is high.", False),
    ("Verify: the file exists.", True),
    ("One two three four five: run it.", True),
    ("One two three four five six: run it.", False),
    ("Use of atomics is common.", False),
    ("Tests are run.", False),
    ("This skill provides guidance.", False),
    ("", False),
]

PARTS: list[tuple[str, str, float]] = [
    # A description speaks of its condition, bids, names situations and things.
    ("trigger_clarity.names_a_condition", "---\ndescription: Sorts WHEN asked\n---\n", 1.0),
    ("trigger_clarity.names_a_condition", "---\ndescription: Sorts things\n---\n", 0.0),
    ("trigger_clarity.names_a_condition", "when", 0.0),
    ("trigger_clarity.bids_to_use", "---\ndescription: Use this\n---\n", 1.0),
    ("trigger_clarity.bids_to_use", "---\ndescription: Use when: unquoted\n---\n", 1.0),
    ("trigger_clarity.several_situations", "---\ndescription: Sorts when a\n---\n", 1 / 3),
    ("trigger_clarity.several_situations", "---\ndescription: Sorts when a or b\n---\n", 2 / 3),
    ("trigger_clarity.several_situations", "---\ndescription: a, b, c, d\n---\n", 0.0),
    ("trigger_clarity.specific_words", "---\ndescription: postgres vacuum tuning of a db\n---\n", 0.25),
    ("trigger_clarity.body_says_when", "## Situations\n\n- a", 1.0),
    ("trigger_clarity.body_says_when", "## SITUATIONS\n\n## Next", 0.0),
    ("trigger_clarity.body_says_when", "**If you:**\n- a", 1.0),
    ("trigger_clarity.body_says_when", "When ready:\n1. a", 0.0),
    ("trigger_clarity.body_says_when", "Reach for it when a.", 1.0),
    ("trigger_clarity.body_says_when", "Reach for it.", 0.0),
    ("trigger_clarity.body_says_when", "Do not use this when a.", 0.0),
    ("trigger_clarity.says_when_not", "## When NOT to use\n\n- a", 1.0),
    ("trigger_clarity.says_when_not", "It is overkill for one file.", 1.0),
    ("trigger_clarity.says_when_not", "---\ndescription: a, not for b\n---\n", 1.0),
    # Sections that hold something, steps, levels, a check, short paragraphs.
    ("structure.filled_sections", "# a\nx\n# b\nx", 0.5),
    ("structure.filled_sections", "# a\n# b\nx", 0.125),
    ("structure.filled_sections", "# a\n## b\nx", 0.5),
    ("structure.filled_sections", "a\n=\nx\n\nb\n--\nx", 0.5),
    ("structure.ordered_steps", "1. Run a\n2. Run b\n3. Run c", 1.0),
    ("structure.ordered_steps", "1. Run a\n2. Run b", 0.0),
    ("structure.ordered_steps", "1. Run a\n2. x\n3. y\n4. Run b", 1.0),
    ("structure.ordered_steps", "1. Run a\n2. x\n3. y", 0.4),
    ("structure.ordered_steps", "1. Run a\n2. x\n3. y\n4. Run b\n5. z", 0.4),
    ("structure.ordered_steps", "1. Run a\n- x\n2. Run b\n3. Run c", 0.0),
    ("structure.ordered_steps", "1. Run a\n  - x\n2. Run b\n3. Run c", 1.0),
    ("structure.ordered_steps", "1. Run a\n# x\n2. Run b\n3. Run c", 0.0),
    ("structure.ordered_steps", "# 1. Run a\n# 2. Run b\n# 3. Run c", 1.0),
    ("structure.ordered_steps", "# Step 1: The a\n# Step 2: The b\n# Step 3: The c", 0.4),
    ("structure.even_levels", "# a\n## b", 1.0),
    ("structure.even_levels", "# a\n### b", 0.0),
    ("structure.even_levels", "# a", 0.0),
    ("structure.checks_the_result", "Check the file.", 1.0),
    ("structure.checks_the_result", "# Validation\n- a", 1.0),
    ("structure.checks_the_result", "# Validation\na", 0.0),
    ("structure.checks_the_result", "```\n# check\n```", 1.0),
    ("structure.short_paragraphs", "a " * 100, 1.0),
    ("structure.short_paragraphs", "a " * 101, 0.0),
    ("structure.short_paragraphs", "a " * 101 + "\n\n" + "b " * 99, 0.495),
    ("structure.short_paragraphs", "", 0.0),
    # Examples by worth; whether whole; whether introduced.
    ("examples.worked", "```\na\nb\n```", 0.25),
    ("examples.worked", "```\na\n```", 0.125),
    ("examples.worked", "~~~~\na\n```\nb\n~~~~", 0.25),
    ("examples.worked", "```\n```", 0.0),
    ("examples.worked", "```\n├── a\n```", 0.0),
    ("examples.worked", "```\na\n# TODO\n```", 0.0625),
    ("examples.worked", "# src/a.py\n```\na\nb\n```", 0.0625),
    ("examples.worked", "Type `git log` now.", 0.0625),
    ("examples.worked", "Type `git` or `log` now.", 0.0),
    ("examples.worked", 'Say "set up my memory".', 0.0625),
    ("examples.complete", "```\na\n```\n```\n# todo\n```", 0.5),
    ("examples.complete", "Type `git log` now.", 0.5),
    ("examples.complete", "a", 0.0),
    ("examples.introduced", "The a of b:\n```\na\n```", 1.0),
    ("examples.introduced", "One two three four\n```\na\n```", 1.0),
    ("examples.introduced", "One two three\n```\na\n```", 0.0),
    ("examples.introduced", "# One two three four\n```\na\n```", 0.0),
    # Instructions, firm rules, reasons.
    ("guidance.directives", "Run a. Run b. Run c.", 0.25),
    ("guidance.directives", "| a | b |\n|---|---|\n| x | Run y |", 1 / 12),
    ("guidance.directives", "```\nRun a.\n```", 0.0),
    ("guidance.firm_rules", "You MUST a. NEVER b.", 0.5),
    ("guidance.reasons", "A because b. C so that d.", 0.5),
    # A wrong way and a right one, each with something to say.
    ("contrast.pairs", "❌ **Bad**: one two three\n\n✅ **Good**: one two three", 1 / 3),
    ("contrast.pairs", "- Right: one two three\n- Wrong: one two three", 1 / 3),
    ("contrast.pairs", "Bad: one two\n\nGood: one two", 0.0),
    ("contrast.pairs", "**Bad:**\n```\na\n```\n**Good:**\n```\nb\n```", 1 / 3),
    ("contrast.pairs", "❌ ✅", 0.0),
    ("contrast.pairs", "- Wrong: one two three\n- Wrong: one two three", 0.0),
    ("contrast.pairs", "- Bad: one two three\n" + "- x\n" * 5 + "- Good: one two three", 1 / 3),
    ("contrast.pairs", "- Bad: one two three\n" + "- x\n" * 6 + "- Good: one two three", 0.0),
    ("contrast.pairs", "Bad a a a a a a a: one two three\n\nGood: one two three", 1 / 3),
    ("contrast.pairs", "Bad a a a a a a a a: one two three\n\nGood: one two three", 0.0),
    ("contrast.pairs", "| Mistake | Fix |\n|---|---|\n| a | b |\n| c | d |", 1 / 3),
    ("contrast.pairs", "| Mistake | Fix |\n|---|---|\n| a | b |\n| c | |", 1 / 6),
    ("contrast.pairs", "| Mistake | Other |\n|---|---|\n| a | b |", 0.0),
    ("contrast.pairs", "```\n# wrong\na\n# right\nb\n```", 1 / 3),
    ("contrast.pairs", "```\n# wrong\na\n```", 0.0),
    ("contrast.pairs", "A rather than b.", 1 / 12),
    # Pointers to files, and when to read them; length calls for them.
    ("disclosure.points_to_files", "[a](references/a.md)", 1.0),
    ("disclosure.points_to_files", "See `references/a.md`.", 1.0),
    ("disclosure.points_to_files", "The `references/a.md` is long.", 0.0 + 0.5),
    ("disclosure.points_to_files", "[a](https://example.org/a.md)", 0.5),
    ("disclosure.points_to_files", "a " * 700, 0.5),
    ("disclosure.points_to_files", "a " * 1850, 0.25),
    ("disclosure.points_to_files", "a " * 3000, 0.0),
    ("disclosure.points_to_files", "", 0.0),
    ("disclosure.says_when_to_read", "If it fails, see `references/a.md`.", 1.0),
    ("disclosure.says_when_to_read", "See `references/a.md`.", 0.0),
    # Size in words and in lines.
    ("size.fit", "", 0.0),
    ("size.fit", "a " * 100, 0.5),
    ("size.fit", "a " * 200, 1.0),
    ("size.fit", "a " * 3000, 1.0),
    ("size.fit", "a " * 4500, 0.5),
    ("size.fit", "a " * 6000, 0.0),
    ("size.fit", "a\n" * 499 + "a", 1.0),
    ("size.fit", "a\n" * 749 + "a", 0.5),
    ("size.fit", "a\n" * 999 + "a", 0.0),
]
