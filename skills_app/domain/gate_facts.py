"""The facts of a document that a gate may limit."""

from skills_app.domain.documents import SkillDocument
from skills_app.domain.tokens import TokenCounter, estimate_tokens


def document_facts(document: SkillDocument, count: TokenCounter = estimate_tokens) -> dict[str, float]:
    """Return the facts that the document itself holds, by the names of ``gates.FACTS``.

    Lines, words, characters and tokens of the body; characters of the description; tokens of the catalog line; code
    blocks. What only the folder knows (``num_files``, ``num_broken_links``) is the caller's to add.
    """
    return {
        "body_lines": document.num_lines,
        "body_words": document.num_words,
        "body_characters": document.num_characters,
        "body_tokens": document.count_tokens(count).num_tokens,
        "description_characters": len(document.description),
        "catalog_tokens": count(document.catalog_text()).num_tokens,
        "num_code_blocks": len(document.code_blocks),
    }
