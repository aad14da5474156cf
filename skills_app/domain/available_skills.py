"""The ``<available_skills>`` block that an agent reads: name, description and location of each skill."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

# What XML 1.0 cannot hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class AvailableSkill:
    """One skill: its location is the address of its SKILL.md, as the agent can open it."""

    name: str
    description: str
    location: str


def available_skills_xml(skills: Iterable[AvailableSkill]) -> str:
    """Return the block for ``skills`` in their order, in the layout that skills-ref prints, with a final line break.

    Text is escaped, and a character that XML cannot hold becomes U+FFFD, so that a description never ends its element.
    """
    lines = ["<available_skills>"]
    for skill in skills:
        lines.append("<skill>")
        for tag, text in (
            ("name", skill.name),
            ("description", skill.description),
            ("location", skill.location),
        ):
            lines += [f"<{tag}>", escape(_NOT_XML.sub("\ufffd", text), {'"': "&quot;"}), f"</{tag}>"]
        lines.append("</skill>")
    return "\n".join([*lines, "</available_skills>", ""])
