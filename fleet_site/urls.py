"""All addresses of the site."""

from django.contrib import admin
from django.urls import include, path

from fleet_site.views.sign_in import admin_sign_in

handler400 = "fleet_site.views.errors.bad_request"
handler403 = "fleet_site.views.errors.denied"
handler404 = "fleet_site.views.errors.not_found"
handler500 = "fleet_site.views.errors.failed"

urlpatterns = [
    path("admin/login/", admin_sign_in),
    path("admin/", admin.site.urls),
    path("", include("fleet_site.site_urls")),
    path("gates/", include("skills_app.gate_urls")),
    path("skills/", include("skills_app.urls")),
    path("", include("runs_app.urls")),
]
