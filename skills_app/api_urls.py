"""Addresses of the JSON API, each with and without the slash at its end."""

from django.urls import path

from skills_app.views import api

app_name = "api"
urlpatterns = [
    path("skills/", api.skills, name="skills"),
    path("skills", api.skills),
    path("skills/<path:path>", api.skill, name="skill"),
    path("categories/<path:path>", api.category, name="category"),
    path("", api.nothing, {"path": ""}),
    path("<path:path>", api.nothing, name="nothing"),
]
