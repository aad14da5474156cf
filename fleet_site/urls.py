"""All addresses of the site."""

from django.contrib import admin
from django.urls import include, path, register_converter

from fleet_site.converters import FileConverter
from fleet_site.views.sign_in import admin_sign_in

# Before the addresses of the apps are read, which use it.
register_converter(FileConverter, "file")

handler400 = "fleet_site.views.errors.bad_request"
handler403 = "fleet_site.views.errors.denied"
handler404 = "fleet_site.views.errors.not_found"
handler500 = "fleet_site.views.errors.failed"

urlpatterns = [
    path("admin/login/", admin_sign_in),
    path("admin/", admin.site.urls),
    path("", include("fleet_site.site_urls")),
    path("api/v1/", include("skills_app.api_urls")),
    path("gates/", include("skills_app.gate_urls")),
    path("reviews/", include("skills_app.review_urls")),
    path("skills/", include("skills_app.urls")),
    path("taxonomy/", include("skills_app.taxonomy_urls")),
    path("", include("runs_app.trend_urls")),
    path("", include("runs_app.urls")),
]
