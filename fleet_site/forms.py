"""Forms of the site: sign-in, and people."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator

from fleet_site.tokens import LIFETIMES
from skills_app.domain.enums import Role
from skills_app.models import Category

ROLE_WORDS = {
    Role.READER: "reader: sees everything, changes nothing",
    Role.LAUNCHER: "launcher: also starts generations and syncs",
    Role.REVIEWER: "reviewer: also edits and judges skills",
    Role.CURATOR: "curator: also moves and publishes skills, and manages sources",
    Role.MANAGER: "manager: also sets gates, waives findings, and publishes",
    Role.ADMIN: "admin: everything, and people",
}


class SignInForm(AuthenticationForm):
    """Django's form; its errors do not say whether the name or the password was wrong."""

    error_messages = {
        "invalid_login": "This name and password do not belong together. Check both; capitals count.",
        "inactive": "This account was deactivated. Ask an admin of this site.",
    }


class RoleForm(forms.Form):
    """A role, and the branch of the taxonomy that it is limited to."""

    role = forms.ChoiceField(label="Role", choices=[(r.value, words) for r, words in ROLE_WORDS.items()])
    branch = forms.ModelChoiceField(
        label="Only in the branch",
        queryset=Category.objects.none(),
        required=False,
        to_field_name="path",
        empty_label="the whole library",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branch: Any = self.fields["branch"]
        branch.queryset = Category.objects.order_by("path")

    def clean_role(self) -> Role:
        """Return the role as an enum."""
        return Role(self.cleaned_data["role"])


class InviteForm(RoleForm):
    """A new person: their name for signing in, what they are called, and a first role."""

    username = forms.CharField(
        label="Name for signing in", max_length=150, validators=[UnicodeUsernameValidator()], strip=True
    )
    full_name = forms.CharField(label="Full name", max_length=300, required=False, strip=True)
    field_order = ("username", "full_name", "role", "branch")

    def clean_username(self) -> str:
        """Refuse a name that somebody has, whatever its capitals."""
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(f"Somebody is called {username} already. Choose another name.")
        return username


class TokenForm(forms.Form):
    """What an access token is for, and how long it is good."""

    name = forms.CharField(
        label="What it is for",
        max_length=100,
        strip=True,
        help_text="Such as the name of the pipeline that reads with it.",
    )
    days = forms.TypedChoiceField(
        label="Good for", choices=list(LIFETIMES.items()), coerce=int, initial=90, empty_value=None
    )
