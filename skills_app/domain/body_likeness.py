"""Which texts of some length say nearly the same: the cosine of their tf-idf vectors, each of the words that tell most.

Bodies are long and many, so that memory is bounded: of each text so many different words are counted, and fewer compared.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from skills_app.domain.text_likeness import Near, least_common, nearest_rows, words_of, written_words

# Of a text so many characters are read by whoever brings it; of its words so many are counted, those it says most often, and so
# many of these compared, those that tell most of it among all texts. One with fewer words than the last says too little.
MOST_CHARACTERS = 30_000
_COUNTED, _COMPARED, _FEWEST = 256, 64, 20
# Words are known by a number of so many; two in a library may share one, which hardly matters among many.
_NUMBERS = 1 << 20
# The numbers of so many words are remembered while texts are read.
_MOST_KNOWN = 1 << 16


class Bodies:
    """The texts that were compared. It holds for each at most 64 words, at 8 bytes each, and beside them while it is made 256 at 6."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        """Read ``texts`` (key and text, each key once), one after the other; none of them is kept."""
        known: dict[str, int] = {}
        counted = sorted((key, *_counted(text, known)) for key, text in texts)
        self._keys = [key for key, _, _ in counted]
        self._rows = {key: row for row, key in enumerate(self._keys)}
        self._vectors = _vectors([(words, counts) for _, words, counts in counted]) if counted else None

    def likeness(self, first: str, second: str) -> float | None:
        """Return the likeness of two texts, from 0 to 1, or None where one of them is not there or says too little."""
        at = [self._rows[key] for key in (first, second) if key in self._rows]
        if (
            self._vectors is None
            or len(at) < 2
            or not all(self._vectors.indptr[one + 1] > self._vectors.indptr[one] for one in at)
        ):
            return None
        return min(float(self._vectors[at[0]].multiply(self._vectors[at[1]]).sum()), 1.0)

    def nearest(self, *, least: float, most: int) -> Iterator[tuple[str, tuple[Near, ...]]]:
        """Yield each key whose text has others with at least the likeness ``least``, with the ``most`` of them, best first, ties by key."""
        if self._vectors is None:
            return
        for row, best in nearest_rows(self._vectors, most=most, least=least):
            if best:
                yield self._keys[row], tuple(Near(self._keys[other], likeness) for other, likeness in best)


def _counted(text: str, known: dict[str, int]) -> tuple[Any, Any]:
    """Return the numbers of the words that a text says most often, ascending, and how often it does.

    ``known`` are numbers of words that were met before, 0 for one that says nothing.
    """
    import numpy as np

    counts: Counter[int] = Counter()
    for written, said in Counter(written_words(text[:MOST_CHARACTERS])).items():
        number = known.get(written)
        if number is None:
            number = _number_of(written)
            if len(known) < _MOST_KNOWN:
                known[written] = number
        counts[number] += said
    counts.pop(0, None)
    numbers, times = np.array([*counts], dtype=np.int32), np.array([*counts.values()], dtype=np.int64)
    if len(numbers) < _FEWEST:
        numbers, times = numbers[:0], times[:0]
    order = np.lexsort((numbers, -times))[:_COUNTED]
    order = order[np.argsort(numbers[order])]
    return numbers[order], np.minimum(times[order], np.iinfo(np.uint16).max).astype(np.uint16)


def _number_of(written: str) -> int:
    words = words_of(written)
    return zlib.crc32(words[0].encode()) % (_NUMBERS - 1) + 1 if words else 0


def _vectors(counted: list[tuple[Any, Any]]) -> Any:
    """Return a sparse matrix with a row of length 1 for each text, empty where no word of it tells anything."""
    import numpy as np
    from scipy.sparse import csr_matrix

    spread = np.zeros(_NUMBERS, dtype=np.int32)
    for words, _ in counted:
        spread[words] += 1
    # As scikit-learn weighs words: smoothly, so that none of them weighs nothing.
    rarity = (np.log((1 + len(counted)) / (1 + spread)) + 1).astype(np.float32)
    rarity[spread > least_common(len(counted))] = 0
    starts, indices, data = [0], [], []
    for words, counts in counted:
        weights = (1 + np.log(counts, dtype=np.float32)) * rarity[words]
        order = np.lexsort((words, -weights))[:_COMPARED]
        order = np.sort(order[weights[order] > 0])
        chosen = weights[order]
        indices.append(words[order])
        data.append(chosen / (np.linalg.norm(chosen) if len(chosen) else 1))
        starts.append(starts[-1] + len(order))
    cells = (np.concatenate(data), np.concatenate(indices), np.array(starts))
    return csr_matrix(cells, shape=(len(counted), _NUMBERS), dtype=np.float32)
