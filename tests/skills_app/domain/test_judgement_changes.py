"""Which findings are fixed, new and still there."""

from dataclasses import dataclass

from skills_app.domain.judgement_changes import compare_findings


@dataclass(frozen=True)
class Found:
    rule_id: str
    message: str = "off"
    path: str = ""


def test_findings_are_fixed_new_or_still_there() -> None:
    changes = compare_findings([Found("a"), Found("b")], [Found("b"), Found("c")])

    assert (changes.fixed, changes.new, changes.still) == ((Found("a"),), (Found("c"),), (Found("b"),))


def test_another_number_in_the_message_is_the_same_finding() -> None:
    changes = compare_findings([Found("size", "900 lines")], [Found("size", "800 lines")])

    assert changes.still == (Found("size", "800 lines"),)
    assert not changes.fixed
    assert not changes.new


def test_equal_messages_are_paired_before_equal_rules() -> None:
    changes = compare_findings(
        [Found("link", "x is broken"), Found("link", "y is broken")], [Found("link", "y is broken")]
    )

    assert changes.fixed == (Found("link", "x is broken"),)


def test_the_same_rule_in_another_file_is_another_finding() -> None:
    changes = compare_findings([Found("a", path="x.md")], [Found("a", path="y.md")])

    assert changes.fixed == (Found("a", path="x.md"),)
    assert changes.new == (Found("a", path="y.md"),)


def test_repeated_findings_are_counted() -> None:
    changes = compare_findings([Found("a")] * 3, [Found("a")])

    assert (len(changes.fixed), len(changes.new), len(changes.still)) == (2, 0, 1)
