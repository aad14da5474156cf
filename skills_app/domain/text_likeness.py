"""How alike texts are: the cosine of their tf-idf vectors, by scikit-learn, which is imported when texts are compared."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_WORD = re.compile(r"[a-z][a-z0-9+#]{2,}")
# Words that say nothing of what a skill is about; most skills hold them.
_STOP = frozenset(
    re.findall(
        r"[a-z]+",
        "the and for with use used using when this that from into are you your not but can all any its how what why "
        "who skill skills guide needs need has have was will one two than then them they their also such which while "
        "where covers including between about over under each more most only other own same should would could been",
    )
)
# In a large library a word that so many texts hold tells little and costs most of the time.
_COMMON, _COMMON_SHARE = 500, 0.05
# How many likenesses are held at once, at 12 bytes each.
_MOST_HELD = 4_000_000


class Near(NamedTuple):
    """A text that is alike: its key, and the cosine of the angle between both, from 0 to 1."""

    key: str
    likeness: float


def written_words(text: str) -> list[str]:
    """Return the words of a text in lower case as they are written, at least three letters each."""
    return _WORD.findall(text.lower())


def words_of(text: str) -> list[str]:
    """Return the words of a text that may say what it is about: lower case, at least three letters, a plural's s off."""
    found = (word for word in written_words(text) if word not in _STOP)
    return [
        word[:-1] if len(word) > 4 and word.endswith("s") and word[-2] not in "su" else word for word in found
    ]


def least_common(num_texts: int) -> int:
    """Return how many of so many texts may hold a word that still tells something."""
    return max(_COMMON, int(_COMMON_SHARE * num_texts))


def nearest_texts(texts: Iterable[tuple[str, str]], *, most: int) -> Iterator[tuple[str, tuple[Near, ...]]]:
    """Yield each key of ``texts`` (key and text) with the texts most alike to its own, best first and ties by key.

    Keys come in their order. At most ``most`` are named for each, none that shares no word with it; none is missed. Words that
    more than 500 texts and one text in twenty hold are left out. One thread of this process does it, a batch of texts at a
    time, so that memory grows with the number of words and not with that of pairs.
    """
    named = sorted(texts)
    keys = [key for key, _ in named]
    vectors = _vectors([text for _, text in named])
    if vectors is None:
        yield from ((key, ()) for key in keys)
        return
    for row, best in nearest_rows(vectors, most=most):
        yield keys[row], tuple(Near(keys[other], likeness) for other, likeness in best)


def nearest_rows(
    vectors: Any, *, most: int, least: float = 0.0
) -> Iterator[tuple[int, list[tuple[int, float]]]]:
    """Yield each row of a sparse matrix, whose rows are of length 1, with the ``most`` others most alike to it, by position.

    Best first and ties by position; none with a likeness below ``least``. A batch of rows at a time is compared with all.
    """
    by_word = vectors.T.tocsr()
    at_once = max(_MOST_HELD // vectors.shape[0], 1)
    for start in range(0, vectors.shape[0], at_once):
        products = (vectors[start : start + at_once] @ by_word).tocsr()
        for row in range(products.shape[0]):
            cells = slice(products.indptr[row], products.indptr[row + 1])
            others, likenesses = products.indices[cells], products.data[cells]
            alike = likenesses >= least
            yield start + row, _best(others[alike], likenesses[alike], itself=start + row, most=most)


def _vectors(texts: list[str]) -> Any:
    """Return a sparse matrix with a row of length 1 for each text, or None when no word of them tells anything."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        return TfidfVectorizer(
            analyzer=words_of, max_df=least_common(len(texts)), sublinear_tf=True
        ).fit_transform(texts)
    except ValueError:
        # Raised when no word is left: none was there, or all are too common.
        return None


def _best(others: Any, likenesses: Any, *, itself: int, most: int) -> list[tuple[int, float]]:
    """Return the ``most`` positions with the highest likeness, best first and ties by position, without ``itself``."""
    import numpy as np

    wanted = others != itself
    others, likenesses = others[wanted], likenesses[wanted]
    if len(likenesses) > most:
        wanted = likenesses >= np.partition(likenesses, -most)[-most]
        others, likenesses = others[wanted], likenesses[wanted]
    order = np.lexsort((others, -likenesses))[:most]
    return list(zip(others[order].tolist(), np.minimum(likenesses[order], 1.0).tolist(), strict=True))
