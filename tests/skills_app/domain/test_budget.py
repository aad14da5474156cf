"""What hosts make of a catalog: who is cut, and where."""

from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.budget import HOSTS, Entry, Fate, HostBudget, budget_of
from skills_app.domain.tokens import TokenCount


def by_character(text: str) -> TokenCount:
    return TokenCount(len(text), "one a character")


def entries(*lengths: int) -> list[Entry]:
    return [Entry(str(n), f"s{n}", "d" * length) for n, length in enumerate(lengths)]


def judged(host: str, *lengths: int, context: int = 200_000) -> HostBudget:
    return budget_of(entries(*lengths), HOSTS[host], context=context, count=by_character)


def fates(budget: HostBudget) -> list[Fate]:
    return [one.fate for one in budget.entries]


def test_claude_cuts_an_entry_at_1536_characters() -> None:
    budget = judged("claude", 1_536, 1_537, context=1_000_000)

    assert fates(budget) == [Fate.WHOLE, Fate.CUT]
    assert (budget.entries[1].kept_characters, budget.entries[1].lost) == (1_536, "d")


def test_claude_drops_descriptions_once_one_percent_of_the_context_is_used() -> None:
    budget = judged("claude", 996, 990, 10, context=200_000)

    assert budget.limit == 2_000
    assert fates(budget) == [Fate.WHOLE, Fate.WHOLE, Fate.NAME_ONLY]
    assert budget.num_cut == 1
    assert (
        budget.sentence
        == "Claude Code shows 1 of 3 entries not whole: the catalog takes 2,008 of 2,000 tokens."
    )


def test_claude_only_cuts_entries_while_the_context_is_unknown() -> None:
    budget = judged("claude", *[1_000] * 5, 2_000, context=0)

    assert fates(budget) == [*[Fate.WHOLE] * 5, Fate.CUT]
    assert "not known without the context" in budget.sentence


def test_codex_knows_8000_characters_when_it_knows_no_context() -> None:
    assert fates(judged("codex", 7_996, context=0)) == [Fate.WHOLE]
    assert judged("codex", 7_997, context=0).entries[0].kept_characters == 7_996


def test_codex_shortens_the_long_ones_to_one_length() -> None:
    budget = judged("codex", 100, 5_000, 6_000, context=0)

    kept = [one.kept_characters for one in budget.entries]
    assert kept == [100, 3_944, 3_944]
    assert fates(budget) == [Fate.WHOLE, Fate.CUT, Fate.CUT]


def test_codex_leaves_out_the_last_when_names_alone_do_not_fit() -> None:
    many = [Entry(str(n), "n" * 98, "") for n in range(100)]
    budget = budget_of(many, HOSTS["codex"], context=0)

    assert [one.fate for one in budget.entries].count(Fate.OMITTED) == 20
    assert budget.entries[-1].fate is Fate.OMITTED


def test_the_specification_cuts_nothing() -> None:
    budget = judged("spec", 5_000, 10)
    assert fates(budget) == [Fate.WHOLE, Fate.WHOLE]
    assert budget.limit == 200


def test_an_empty_catalog_costs_nothing() -> None:
    assert [judged(host).sentence for host in HOSTS] == ["There is nothing in this catalog."] * 3


@given(st.lists(st.integers(0, 3_000), max_size=30), st.sampled_from([0, 50_000, 128_000]))
def test_what_is_kept_fits_and_nothing_is_cut_without_need(lengths: list[int], context: int) -> None:
    budget = judged("codex", *lengths, context=context)
    shown = [one for one in budget.entries if one.fate is not Fate.OMITTED]

    used = sum(len(one.entry.name) + 2 + one.kept_characters for one in shown)
    assert used <= budget.limit
    if budget.total <= budget.limit:
        assert budget.num_cut == 0
    for one in budget.entries:
        assert one.kept + one.lost == one.entry.description
