"""Addresses of the site itself: sign-in, theme, people, health, documents."""

from django.urls import path

from fleet_site.views import look

app_name = "site"
urlpatterns = [
    path("theme/", look.theme, name="theme"),
    path("keys/", look.keys, name="keys"),
    path("styleguide/", look.styleguide, name="styleguide"),
]
