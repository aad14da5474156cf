"""What every answer of the JSON API has in common: who asks, errors as JSON, caches, and answers that did not change."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import conditional_page

from fleet_site.access import may, refusal
from fleet_site.tokens import user_of_access_token

P = ParamSpec("P")
METHODS = ("GET", "HEAD")
_CHALLENGE = 'Bearer realm="Skill Fleet"'


class ApiProblem(Exception):
    """An answer other than the one that was asked for: the HTTP status, what is wrong, and the next step.

    ``parameter`` names the one of the address that is wrong.
    """

    def __init__(
        self,
        status: int,
        message: str,
        next_step: str,
        *,
        parameter: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.next_step = status, message, next_step
        self.parameter, self.headers = parameter, headers or {}

    def response(self) -> HttpResponse:
        """Return it as JSON."""
        error: dict[str, Any] = {"status": self.status, "message": self.message, "next_step": self.next_step}
        if self.parameter:
            error["parameter"] = self.parameter
        return json_response({"error": error}, status=self.status, headers=self.headers)


def api_view(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let a view answer GET and HEAD with JSON, to whoever may read the pages: by session, or by an access token.

    It never leads to the sign-in page. The answer has an ETag, and is private to who asked.
    """

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            if request.method not in METHODS:
                raise ApiProblem(
                    405, "The API only reads.", "Ask with GET.", headers={"Allow": ", ".join(METHODS)}
                )
            request.user = _who(request)
            if not may(request.user, "read"):
                raise ApiProblem(403, refusal("read"), "Ask an admin of this site.")
            response = view(request, *args, **kwargs)
        except ApiProblem as problem:
            response = problem.response()
        response.headers["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ("Authorization", "Cookie"))
        return response

    # Nothing is changed here, so there is nothing to forge; a POST is to be told so in JSON.
    return csrf_exempt(login_not_required(conditional_page(answered)))


def json_response(
    data: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return ``data`` as JSON, letters beyond ASCII as they are."""
    return JsonResponse(data, status=status, headers=headers, json_dumps_params={"ensure_ascii": False})


def moved(path: str, url: str) -> HttpResponse:
    """Return 308: what was asked for lives at ``path`` now, and answers at ``url``."""
    return json_response({"moved_to": {"path": path, "url": url}}, status=308, headers={"Location": url})


def _who(request: HttpRequest) -> User:
    header = request.headers.get("Authorization", "")
    if not header:
        if isinstance(request.user, User) and request.user.is_authenticated:
            return request.user
        raise _refused(request, "Nobody is signed in.", _CHALLENGE)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refused(request, "The header Authorization is not 'Bearer' and a token.", _CHALLENGE)
    user = user_of_access_token(token.strip(), now=timezone.now())
    if user is None:
        challenge = f'{_CHALLENGE}, error="invalid_token"'
        raise _refused(request, "This token is not known, has expired, or was revoked.", challenge)
    return user


def _refused(request: HttpRequest, message: str, challenge: str) -> ApiProblem:
    page = request.build_absolute_uri(reverse("site:tokens"))
    step = f"Make a token at {page} and send it as 'Authorization: Bearer TOKEN'."
    return ApiProblem(401, message, step, headers={"WWW-Authenticate": challenge})
