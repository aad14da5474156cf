"""All addresses of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("fleet_site.site_urls")),
    path("skills/", include("skills_app.urls")),
    path("", include("runs_app.urls")),
]
