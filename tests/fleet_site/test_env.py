"""What the environment says: a policy with a slip in it is refused."""

import pytest
from pydantic import ValidationError

from fleet_site.env import Env


def test_roles_and_steps_of_the_policy_are_read_with_commas_and_may_be_empty() -> None:
    env = Env(auto_approve=" curator, manager", always_ask="")

    assert env.split("auto_approve") == ["curator", "manager"]
    assert env.split("always_ask") == []


@pytest.mark.parametrize(
    ("given", "known"),
    [({"auto_approve": "curater"}, "launcher"), ({"always_ask": "confirm,previeww"}, "preview")],
)
def test_a_role_or_a_step_that_does_not_exist_is_refused_with_those_that_do(
    given: dict[str, str], known: str
) -> None:
    with pytest.raises(ValidationError, match="is not known") as caught:
        Env(**given)  # type: ignore[arg-type]

    assert known in str(caught.value)
