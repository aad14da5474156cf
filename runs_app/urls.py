"""Addresses of the app."""

app_name = "runs"
urlpatterns = []  # type: ignore[var-annotated]
