"""The rehearsal model: valid, repeatable answers built from the request alone, so that everything can be tried without a key.

It reads what a prompt asks for (the output fields with their types or JSON schemas) and fills it in. It knows nothing and
judges nothing; what it makes is labelled wherever it is shown, and says so itself.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

NAME = "rehearsal/fleet"
_SECTION = re.compile(r"\[\[ ## (\w+) ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with |\Z)", re.DOTALL)
_FIELD = re.compile(r"^\d+\. `(\w+)` \(([^\n]*?)\):", re.MULTILINE)
_ONE_OF = re.compile(r"\{(\w+)\}[^\n]*?(?:one of|must be one of): ([^\n]+)")
_SCHEMA = re.compile(
    r"\{(\w+)\}[ ]+# note: the value you produce must adhere to the JSON schema: (\{[^\n]*\})"
)
# A passage with what a comment proposes instead of it, as the request of a review words both.
_PROPOSED = re.compile(
    r"^About this passage:\n((?:> [^\n]*\n)+)(?:(?!About this passage:|\[C\d)[^\n]*\n)*?Proposed instead:\n((?:> [^\n]*(?:\n|\Z))+)",
    re.MULTILINE,
)
_WORD = re.compile(r"[a-z0-9]+")
_DULL = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "create",
        "for",
        "from",
        "how",
        "in",
        "is",
        "it",
        "make",
        "of",
        "on",
        "or",
        "skill",
        "that",
        "the",
        "this",
        "to",
        "use",
        "we",
        "when",
        "with",
        "write",
        "you",
    ]
)
MAX_DEPTH = 8


def rehearse(system: str, user: str) -> str:
    """Return the answer to a prompt of DSPy's chat or JSON adapter; the same prompt gives the same answer."""
    head, _, rest = system.partition("All interactions will be structured")
    outputs = _FIELD.findall(head.partition("Your output fields are:")[2])
    inputs = {name: value.strip() for name, value in _SECTION.findall(user)}
    subject = _Subject(inputs)
    rest = _notes(rest)
    schemas = dict(_SCHEMA.findall(rest))
    choices = {name: text for name, text in _ONE_OF.findall(rest) if name not in schemas}
    values: dict[str, Any] = {}
    for name, kind in outputs:
        values[name] = _answer(name, kind, schemas.get(name, ""), choices.get(name, ""), subject)
    if "Outputs will be a JSON object" in system:
        return json.dumps(values, ensure_ascii=False)
    parts = [f"[[ ## {name} ## ]]\n{_written(value)}" for name, value in values.items()]
    return "\n\n".join([*parts, "[[ ## completed ## ]]"])


def _notes(text: str) -> str:
    """Return what a prompt says of its output fields, a line each; the JSON adapter writes it inside of JSON."""
    template = text.partition("Outputs will be a JSON object with the following fields.")[2].lstrip()
    if not template:
        return text
    try:
        fields, _ = json.JSONDecoder().raw_decode(template)
    except (ValueError, RecursionError):
        return text
    return "\n".join(str(value) for value in fields.values()) if isinstance(fields, dict) else text


class _Subject:
    """What the request is about, in the forms that answers need."""

    def __init__(self, inputs: Mapping[str, str]) -> None:
        self.inputs = inputs
        metadata = _object(inputs.get("skill_metadata", "") or inputs.get("metadata", ""))
        task = inputs.get("task_description", "") or str(
            _object(inputs.get("intent_analysis", "")).get("task", "")
        )
        found = [word for word in _WORD.findall(task.lower()) if word not in _DULL] or ["rehearsal"]
        self.name = str(metadata.get("name") or "-".join(found[:4]))[:64].strip("-")
        self.topic = " ".join(found[:8]) if task else self.name.replace("-", " ")
        self.path = str(metadata.get("skill_id") or f"rehearsal/{self.name}")

    @property
    def description(self) -> str:
        return f"Use when the task is about {self.topic}. Rehearsal text: no model wrote it."

    def document(self) -> str:
        """Return a body that keeps the rules of form and says that it is a rehearsal."""
        current = self.inputs.get("current_content", "")
        if current:
            is_file = "file" in _object(self.inputs.get("skill_metadata", ""))
            return _rehearsed_change(current, self.inputs.get("user_feedback", ""), is_file=is_file)
        points = _list(self.inputs.get("content_plan", "")) or [
            "Look at the request",
            "Do the work",
            "Check it",
        ]
        steps = "\n".join(f"{number}. {point.rstrip('.')}." for number, point in enumerate(points, start=1))
        return (
            f"# {self.topic.capitalize()}\n\nThis text was made by the rehearsal model to try the journey; it holds no advice.\n\n"
            f"## When to Use\n\n- The task is about {self.topic}.\n- Do not use it for anything real.\n\n"
            f"## Quick Start\n\nRun this line to see that commands are shown as code.\n\n```bash\necho {self.name}\n```\n\n"
            f"## Steps\n\n{steps}\n\n## Check\n\nVerify that the page of this version says that it is a rehearsal.\n"
        )


def _rehearsed_change(current: str, feedback: str, *, is_file: bool = False) -> str:
    """Return a text as the feedback proposes word for word, as far as it does; else a document with a line at its end.

    Another file, which may be a script, stays as it is then.
    """
    changed = current
    for quote, proposed in _PROPOSED.findall(feedback):
        changed = changed.replace(_unquoted(quote), _unquoted(proposed), 1)
    return (
        changed if changed != current or is_file else f"{current.rstrip()}\n\nChanged once in a rehearsal.\n"
    )


def _unquoted(text: str) -> str:
    return "\n".join(line.removeprefix("> ") for line in text.strip("\n").split("\n"))


def _answer(name: str, kind: str, schema: str, choices: str, subject: _Subject) -> Any:
    known = _known(name, subject)
    if known is not None and not schema and not choices:
        return known
    asked = _asking(name, subject)
    if asked is not None:
        return asked
    if choices:
        return re.split(r"[;,]\s*", choices)[0].strip().strip("'\"`")
    if schema:
        data = _object(schema)
        return _fill(data, data.get("$defs", {}), name, subject, 0)
    plain: dict[str, Any] = {"bool": True, "int": 2, "float": 0.8}
    return plain.get(kind, f"A rehearsed answer about {subject.topic}.")


def _asking(name: str, subject: _Subject) -> Any:
    """Return what makes the journey stop at people, or None: two questions once, then a plan to confirm."""
    if name == "strategy":
        return "standard"
    if "collected_info" not in subject.inputs:
        return None
    is_answered = "Answers of the person:" in subject.inputs["collected_info"]
    if name == "ready":
        return is_answered
    if name == "missing_info":
        return [] if is_answered else ["who will use it", "whether it shall show a whole example"]
    if name != "next_questions" or is_answered:
        return None
    return [
        {
            "text": "Who will use it?",
            "kind": "single",
            "options": ["People new to it", "People who do it every day"],
            "why": "The rehearsal asks, so that answering can be tried.",
            "changes": "how much is explained",
            "assumed": "People new to it",
        },
        {
            "text": "Shall it show a whole example?",
            "kind": "boolean",
            "options": [],
            "why": "The rehearsal asks, so that answering can be tried.",
            "changes": "whether an example stands at the end",
            "assumed": "yes",
        },
    ]


def _known(name: str, subject: _Subject) -> Any:
    """Return the answer to a field that must hang together with others, or None."""
    texts: dict[str, Callable[[], Any]] = {
        "skill_content": subject.document,
        "refined_content": subject.document,
        "recommended_path": lambda: subject.path,
        "category": lambda: "rehearsal",
        "description": lambda: subject.description,
        "name": lambda: subject.name,
        "skill_id": lambda: subject.path,
        "version": lambda: "1.0.0",
        "type": lambda: "technical",
        "weight": lambda: "lightweight",
        "load_priority": lambda: "task_specific",
        "path": lambda: subject.path,
        "kind": lambda: "text",
        "severity": lambda: "info",
    }
    return texts[name]() if name in texts else None


def _listed(name: str, subject: _Subject) -> list[str]:
    """Return the lines of a list that people read on the way; empty for one that they do not."""
    words = list(dict.fromkeys(subject.topic.split()))
    lines = {
        "key_assumptions": [
            f"The task is about {subject.topic}.",
            "This is a rehearsal: nothing is looked up.",
        ],
        "content_plan": ["Look at the request", "Do the work", "Check it"],
        "success_criteria": ["Every phase was gone through", "The page says that it is a rehearsal"],
        "keywords": words[:5],
        "tags": words[:3],
        "capabilities": ["Show the journey of a generation"],
    }
    return lines.get(name, [])


def _fill(
    schema: Mapping[str, Any], shared: Mapping[str, Any], name: str, subject: _Subject, depth: int
) -> Any:
    """Return a value that fits a JSON schema; lists of what others would have to exist for stay empty."""
    if "$ref" in schema:
        schema = shared.get(str(schema["$ref"]).rpartition("/")[2], {})
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object" and depth < MAX_DEPTH:
        return {
            key: _fill(part, shared, key, subject, depth + 1)
            for key, part in schema.get("properties", {}).items()
        }
    if kind == "array":
        items = schema.get("items", {})
        listed = _listed(name, subject)
        if items.get("type") == "string" and listed:
            return listed
        if "$ref" in items and str(items["$ref"]).endswith(("SkillRef", "CheckItem", "AskedQuestion")):
            return []
        count = 3 if items.get("type") == "string" else 1
        return [_fill(items, shared, f"{name} {number + 1}", subject, depth + 1) for number in range(count)]
    if kind in {"number", "integer", "boolean"}:
        return {"number": 0.8, "integer": 2, "boolean": True}[str(kind)]
    known = _known(name, subject)
    return (
        known
        if known is not None
        else f"{name.replace('_', ' ').capitalize()} of {subject.topic} (rehearsed)"
    )


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _list(text: str) -> list[str]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return [line.strip(" -") for line in text.splitlines() if line.strip(" -")][:15]
    return [str(one) for one in data][:15] if isinstance(data, list) else []
