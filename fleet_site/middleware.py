"""Sign-in for every page, and headers that Django's own middleware does not set."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase


class SecurityHeadersMiddleware:
    """Forbid what no page of ours uses, and keep signed-in pages out of shared caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "Cache-Control" not in response.headers and "text/html" in response.headers.get(
            "Content-Type", ""
        ):
            response.headers["Cache-Control"] = "private, no-cache"
        return response


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Django's, and for a fragment the whole page goes to the sign-in: it must not appear inside another page."""

    def process_view(
        self, request: HttpRequest, view_func: Any, *view_arguments: Any
    ) -> HttpResponseBase | None:
        """Let open views through without asking who it is: health must answer while the database does not."""
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, *view_arguments)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:  # type: ignore[override]
        if request.headers.get("HX-Request") != "true":
            return super().handle_no_permission(request, view_func)
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = f"{shown.path}?{shown.query}" if shown.query else shown.path
        response = HttpResponse(status=204)
        response.headers["HX-Redirect"] = redirect_to_login(back or "/").url
        return response
