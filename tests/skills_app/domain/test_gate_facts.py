from skills_app.domain.documents import parse_document
from skills_app.domain.gate_facts import document_facts
from skills_app.domain.gates import FACTS


def test_the_facts_of_a_document_are_those_that_a_gate_may_limit() -> None:
    document = parse_document("---\nname: a\ndescription: does b\n---\n# C\n\nd e\n\n```\nf\n```\n")
    facts = document_facts(document)
    assert facts == {
        "body_lines": document.num_lines,
        "body_words": 7,
        "body_characters": 20,
        "body_tokens": 11,
        "description_characters": 6,
        "catalog_tokens": 4,
        "num_code_blocks": 1,
    }
    assert set(facts) | {"num_files", "num_broken_links"} == set(FACTS)
