"""Weights, shares, limits, words and patterns of ``fleet-1``, as data.

Why each is what it is stands in ``templates/docs/explanation/fleet_1_scorer.md``. A change to any of them is a
new version of the scorer. Patterns are held against text in lower case, so that case never matters; each
alternative stands by itself, so that a test can change every one and see that the change is noticed.
"""

import re

FLAGS = re.MULTILINE

WEIGHTS: dict[str, float] = {
    "trigger_clarity": 0.22,
    "structure": 0.16,
    "examples": 0.18,
    "guidance": 0.18,
    "contrast": 0.10,
    "disclosure": 0.08,
    "size": 0.08,
}
TITLES: dict[str, str] = {
    "trigger_clarity": "Trigger clarity",
    "structure": "Structure",
    "examples": "Examples",
    "guidance": "Guidance strength",
    "contrast": "Contrast",
    "disclosure": "Disclosure",
    "size": "Size",
}
ADVICE: dict[str, str] = {
    "trigger_clarity": "Say in the description when to use the skill, in words that a request would hold, "
    "and say in the body when not to.",
    "structure": "Give the order of work as numbered steps under headings, and end with a way to check the result.",
    "examples": "Show complete examples, each with a sentence before it that says what it shows.",
    "guidance": "Tell the reader what to do in plain imperatives, mark what must never happen, and give reasons.",
    "contrast": "Set a wrong way beside the right one, so that the difference can be seen.",
    "disclosure": "Move what is seldom needed into files beside the document, and say when to read each.",
    "size": "Keep the body between 200 and 3,000 words and within 500 lines.",
}
# Each dimension is the sum of its parts; a part is valued 0 to 1.
SHARES: dict[str, dict[str, float]] = {
    "trigger_clarity": {
        "names_a_condition": 0.25,
        "bids_to_use": 0.10,
        "several_situations": 0.10,
        "specific_words": 0.20,
        "body_says_when": 0.20,
        "says_when_not": 0.15,
    },
    "structure": {
        "filled_sections": 0.35,
        "ordered_steps": 0.25,
        "even_levels": 0.10,
        "checks_the_result": 0.20,
        "short_paragraphs": 0.10,
    },
    "examples": {"worked": 0.60, "complete": 0.20, "introduced": 0.20},
    "guidance": {"directives": 0.50, "firm_rules": 0.25, "reasons": 0.25},
    "contrast": {"pairs": 1.00},
    "disclosure": {"points_to_files": 0.70, "says_when_to_read": 0.30},
}
# The count at which a part is full, or the bounds between which a value slides.
LIMITS: dict[str, float] = {
    "situations": 3,
    "specific_words": 12,
    "filled_sections": 4,
    "steps": 3,
    "step_directive_share": 0.5,
    "steps_without_directives": 0.4,
    "paragraph_words": 100,
    "worked_examples": 4,
    "listing_worth": 0.25,
    "one_line_worth": 0.5,
    "inline_worth": 0.25,
    "only_inline_worth": 0.5,
    "intro_words": 4,
    "directives": 12,
    "lead_in_words": 5,
    "firm_rules": 4,
    "reasons": 4,
    "pairs": 3,
    "pair_distance": 6,
    "lead_words": 8,
    "side_words": 3,
    "table_rows_per_pair": 2,
    "aside_worth": 0.25,
    "small_without_files": 0.5,
    "files_needed_from_words": 700,
    "files_needed_by_words": 3000,
    "size_full_words": 200,
    "size_fades_from_words": 3000,
    "size_gone_words": 6000,
    "size_fades_from_lines": 500,
    "size_gone_lines": 1000,
    "issue_below": 0.4,
    "strength_from": 0.75,
}

PATTERNS: dict[str, tuple[str, ...]] = {
    # A circumstance that a request can be held against.
    "condition": (
        r"\bwhen(?:ever)?\b",
        r"\bif\b",
        r"\bbefore\b",
        r"\bafter\b",
        r"\bwhile\b",
        r"\bduring\b",
        r"\bonce\b",
        r"\basked to\b",
    ),
    # A bid to take the skill up.
    "bid": (
        r"\buse (?:this|it|when|whenever|if|for)\b",
        r"\b(?:load|invoke|trigger|activate|pick|choose|apply) (?:this|it|when|if|for)\b",
        r"\b(?:should|must) be (?:used|loaded|applied)\b",
        r"\breach for\b",
    ),
    # A heading or label that speaks of occasions.
    "occasion": (
        r"\bwhen(?:ever)?\b",
        r"\bif\b",
        r"\buse cases?\b",
        r"\bscenarios?\b",
        r"\bsituations?\b",
        r"\boccasions?\b",
        r"\bsuit(?:s|ed|able)?\b",
        r"\bappl(?:y|ies)\b",
        r"\bgood (?:fit|for)\b",
        r"\breach for\b",
    ),
    # A limit of the skill: where it is the wrong one.
    "boundary": (
        r"\b(?:not|never|don't|doesn't|shouldn't) (?:to )?(?:use|load|apply|cover)\b",
        r"\b(?:not|isn't|aren't) (?:meant|suited|needed|intended|for)\b",
        r"\bavoid (?:this|it|when|if|forcing)\b",
        r"\bout of scope\b",
        r"\bskip (?:this|it|when|if)\b",
        r"\b(?:poor|bad) fit\b",
        r"\boverkill\b",
    ),
    "numbered_heading": (r"^(?:step )?\d+[.):]? ",),
    "check": (
        r"^(?:verify|check|confirm|validate|inspect|double[- ]check)\b",
        r"^(?:run|re-?run) [^\n]{0,80}\b(?:tests?|checks?|lint|linter|build|suite)\b",
        r"\b(?:verify|confirm|make sure|ensure) (?:that|the|it|your|no|every|all|each)\b",
        r"\bvalidate with\b",
    ),
    "check_heading": (
        r"\bverif(?:y|ying|ication)\b",
        r"\bvalidat(?:e|ing|ion)\b",
        r"\bcheck(?:list|s|ing)\b",
        r"\bdone when\b",
        r"\bsuccess criteria\b",
    ),
    "check_in_code": (r"(?:#|//|--) *(?:verify|check|test|confirm|validate)\b",),
    "placeholder": (
        r"\btodo\b",
        r"\bplaceholder\b",
        r"\.\.\.[^\n]{0,200}\.\.\.",
        r"raise notimplementederror",
        r"\byour (?:code|logic|implementation) here\b",
    ),
    # A block that lists files rather than showing work; and a heading that only names a file.
    "file_tree": (r"[├└│]",),
    "file_heading": (r"^`?[\w./-]+\.\w{1,5}`?$", r"\(`[\w./-]+\.\w{1,5}`\)$"),
    "quoted_words": (r"[\"“][^\"”\n]{3,160} [^\"”\n]{1,160} [^\"”\n]{1,160}[\"”]",),
    "command": (r"^[a-z@./_-][\w@./_-]* [\w@./_<$'\"*-]",),
    "firm": (
        r"\bmust(?:n't)?\b",
        r"\bnever\b",
        r"\balways\b",
        r"\bdo not\b(?<!that do not)",
        r"\bdon't\b(?<!that don't)",
        r"\byou cannot\b",
        r"\b(?:is|are) required\b",
        r"\bmandatory\b",
        r"\bno \w+ without\b",
        r"\bonly (?:when|if|after)\b",
        r"\bavoid\b",
    ),
    "reason": (
        r"\bbecause\b",
        r"\bso that\b",
        r"\botherwise\b",
        r"\bsince\b",
        r"\bto (?:avoid|prevent|keep|reduce)\b",
        r"\b(?:prevent|avoid|ensure|reduce|cause|break|eliminate)s\b",
        r"\b(?:results?|resulting) in\b",
        r"\bleads? to\b",
        r"\bwhich means\b",
        r"\bdefeats\b",
    ),
    "wrong_side": (
        r"[❌✗✘]",
        r"\b(?:bad|wrong|incorrect|avoid|broken|poor|shallow|mistakes?|problems?)\b",
        r"\banti[- ]?patterns?\b",
        r"\bdon'?ts?\b",
        r"\bdo not\b",
    ),
    "right_side": (
        r"[✅✓✔]",
        r"\b(?:good|right|correct|better|preferred|recommended|thorough|fix|solution)\b",
        r"\bproduction pattern\b",
        r"^do(?:'?s)?$",
        r"^instead$",
    ),
    "aside": (r"\binstead of\b", r"\brather than\b", r"\bas opposed to\b"),
    "wrong_in_code": (r"(?:#|//|--)[^\n]{0,80}(?:❌|\b(?:wrong|bad|incorrect|avoid|don't)\b)",),
    "right_in_code": (r"(?:#|//|--)[^\n]{0,80}(?:✅|\b(?:right|good|correct|better|instead)\b)",),
    "file_link": (r"\]\((?:\./)?[\w-][\w /-]{0,200}\.\w",),
    "file_name": (r"`(?:\./)?[\w-]+/[\w./-]{1,200}`",),
    "points": (
        r"\b(?:see|read|refer to|consult|open|follow|load|run|use|check)\b",
        r"\b(?:details|more|examples?) (?:in|at)\b",
    ),
    "when_to_read": (r"\bwhen\b", r"\bif\b", r"\bbefore\b", r"\bafter\b", r"\bfor\b", r"\bto \w"),
}

# Words that say little about what a skill is for.
_VAGUE = (
    "comprehensive expert expertise guidance guide various general generic best practice practices modern "
    "robust powerful skill skills tool tools framework industry standard standards including focusing covers "
    "effective efficient advanced complete ultimate simple easy workflow workflows with that this from into "
    "using when what which such their your have been will should must them they user users used uses while "
    "after before during about more most other than then these those also and for the are not any all"
)
VAGUE: frozenset[str] = frozenset(_VAGUE.split())
# Base forms that open an instruction; one word in the language of the documents.
_VERBS = (
    "accept add adjust align allow analyze annotate answer append apply ask assert assign attach audit avoid "
    "await batch begin block break build bundle cache call capture catch change check choose clean clear close "
    "collect combine commit compare compile compose compute configure confirm connect consider convert copy "
    "count create cross-reference debug declare deduplicate define delete delegate deploy describe design detect "
    "determine disable discard document don't download drop edit emit enable enforce ensure escape establish "
    "evaluate examine exclude execute expand expect explain explore export expose extend extract fail fetch fill "
    "filter find fix flag focus follow force form format generate get give group guard handle hide identify "
    "ignore implement import include increase index infer inform initialize inject inspect install integrate "
    "invoke isolate join keep label launch leave limit link list load locate lock log look maintain make map "
    "mark match measure merge migrate minimize mock monitor move name narrow navigate never normalize note "
    "notify offer omit open optimize order organize override pass patch pause pick pin place plan poll prefer "
    "prepare present preserve print prioritize process produce profile protect provide prune publish push put "
    "query raise read rebuild record reduce refactor refer register reject release rely reload remove rename "
    "render repeat replace report request require research reset resolve respect restart restrict retrieve "
    "retry return reuse review revert rewrite rotate route run sanitize save say scan schedule scope search "
    "select send separate serve set share ship show simplify skip sort specify split stage start state stop "
    "store structure submit summarize support suggest swap switch synchronize tag target tell terminate test "
    "think throw track transform translate treat trigger trim try turn type update upgrade use validate verify "
    "version visit wait warn watch work wrap write"
)
VERBS: frozenset[str] = frozenset(_VERBS.split())
# Words that may stand before the verb of an instruction.
_OPENERS = "always please then first next finally also now only just must do not"
OPENERS: frozenset[str] = frozenset(_OPENERS.split())
# After these a word of VERBS is a noun: "Use of atomics", "Test cases".
_NOT_AFTER_VERB = "of is are was were has have can and or"
NOT_AFTER_VERB: frozenset[str] = frozenset(_NOT_AFTER_VERB.split())
# A sentence that opens with a circumstance; its instruction follows the first comma.
_CIRCUMSTANCES = "when whenever if before after while once for in to during"
CIRCUMSTANCES: frozenset[str] = frozenset(_CIRCUMSTANCES.split())
