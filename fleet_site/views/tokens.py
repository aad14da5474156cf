"""The page of one's access tokens: make one, see it once, revoke it."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from fleet_site.access import require
from fleet_site.forms import TokenForm
from fleet_site.tokens import TokenError, live_tokens, make_token, revoke_token


@never_cache
@sensitive_variables("made")
@require_http_methods(["GET", "POST"])
@require("read")
def tokens(request: HttpRequest) -> HttpResponse:
    """List one's tokens that may be used; make another, which only this answer shows."""
    user, now, made = cast(User, request.user), timezone.now(), None
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = make_token(
                user=user, name=form.cleaned_data["name"], days=form.cleaned_data["days"], now=now
            )
            form = TokenForm()
        except TokenError as error:
            form.add_error("name", str(error))
    context = {"tokens": live_tokens(user, now=now), "form": form, "made": made}
    return render(request, "registration/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@require("read")
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's tokens."""
    row = revoke_token(user=cast(User, request.user), token_id=pk, now=timezone.now())
    if row is None:
        messages.info(request, "That token had ended already.")
    else:
        messages.success(request, f"The token {row.name} was revoked. Nobody can use it any more.")
    return redirect("site:tokens")
