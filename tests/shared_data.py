"""Where the real records lie that some tests read; the product itself never needs them."""

import os
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parent.parent


def _find_shared_data() -> Path | None:
    named = os.environ.get("SHARED_DATA")
    candidates = [Path(named)] if named else [p / "shared" / "data" for p in _CHECKOUT.parents]
    return next((path for path in candidates if path.is_dir()), None)


SHARED_DATA = _find_shared_data()


def shared_data(*parts: str) -> Path:
    """Return a path below the shared records; skip the test without them, or fail it under ``CI=true``."""
    if SHARED_DATA is None:
        reason = "the shared records are missing: set SHARED_DATA to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED_DATA.joinpath(*parts)
