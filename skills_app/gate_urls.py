"""Addresses of gates and waivers."""

from django.urls import path

from skills_app.views import gates, waivers

app_name = "gates"
urlpatterns = [
    path("", gates.gate_list, name="list"),
    path("edit/", gates.gate_edit, name="edit"),
    path("waivers/new/", waivers.waiver_new, name="waiver_new"),
    path("waivers/<int:pk>/withdraw/", waivers.waiver_withdraw, name="waiver_withdraw"),
    path("<slug:name>/", gates.gate_detail, name="detail"),
]
