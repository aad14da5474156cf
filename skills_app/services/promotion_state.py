"""The one place that writes the state of a promotion, by the table of what may follow on what."""

from typing import Any

from skills_app.domain.promotion import ALLOWED, PromotionState
from skills_app.models import Promotion


def change_state(promotion: Promotion, *, old: PromotionState, new: PromotionState, **fields: Any) -> bool:
    """Change the state, and ``fields`` with it; return False when it is not ``old`` any more.

    Raises:
        ValueError: ``new`` may not follow on ``old``.
    """
    if new not in ALLOWED[old]:
        raise ValueError(f"A promotion that is {old} cannot become {new}.")
    rows = Promotion.objects.filter(pk=promotion.pk, state=old)
    return rows.update(state=new, **fields) == 1
