"""Addresses of the site itself: sign-in, theme, people, health, documents."""

app_name = "site"
urlpatterns = []  # type: ignore[var-annotated]
