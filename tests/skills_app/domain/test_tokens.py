"""The estimate of tokens."""

import re

from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.tokens import estimate_tokens


@given(
    st.text(alphabet=st.one_of(st.characters(), st.sampled_from("abZ09 \n\t\u00a0\u2003é.,")), max_size=400)
)
def test_the_estimate_is_what_a_pattern_over_the_text_counts(text: str) -> None:
    pieces = re.findall(r"[A-Za-z]{1,7}|[0-9]{1,3}|[^\sA-Za-z0-9]", text)
    assert estimate_tokens(text).num_tokens == len(pieces)
