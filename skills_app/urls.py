"""Addresses of the app."""

app_name = "skills"
urlpatterns = []  # type: ignore[var-annotated]
