"""What is shown instead of a page: each says what happened and what to do next."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

DENIED = "Your roles do not allow this. Ask an admin of this site to grant you one that does."


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the address or the host is not one that we answer."""
    return HttpResponse(
        _plain("The request could not be read", "Check the address and try again."), status=400
    )


def denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: with the sentence of whoever refused."""
    text = str(exception) if exception and str(exception) else DENIED
    return _error(request, 403, "You may not do this", text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404; an anonymous visitor learns nothing of what there is and is sent to the sign-in page."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    said = exception.args[0] if exception and exception.args else ""
    text = said if isinstance(said, str) and said.endswith(".") else "There is nothing at this address."
    return _error(
        request,
        404,
        "Not found",
        f"{text} It may have been moved or removed; the search finds what is there.",
    )


def failed(request: HttpRequest) -> HttpResponse:
    """500: rendered without the database, the session or the user, because one of them may be what failed."""
    text = "This is a fault of the site, and it was written to its log. Nothing that was saved before is lost. Go back and try again."
    return HttpResponse(_plain("Something went wrong here", text), status=500)


@login_not_required
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not prove where it came from."""
    text = "The form was open for too long, or cookies are off. Go back, load the page again and send it once more."
    return _error(request, 403, "The form was not accepted", text)


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """429 after too many failed sign-ins, with the minutes to wait."""
    context = {
        "username": (credentials or {}).get("username") or request.POST.get("username", ""),
        "failure_limit": settings.AXES_FAILURE_LIMIT,
        "cooloff_minutes": round(settings.AXES_COOLOFF_TIME * 60),
    }
    return render(request, "registration/locked.html", context, status=429)


def _error(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context: dict[str, Any] = {"error_title": title, "error_text": text, "status": status}
    return render(request, "site/error.html", context, status=status)


def _plain(title: str, text: str) -> str:
    return render_to_string("site/error_plain.html", {"error_title": title, "error_text": text})
