"""Addresses of the app."""

from django.urls import path

from runs_app.views import sources

app_name = "runs"
urlpatterns = [
    path("sources/", sources.source_list, name="source_list"),
    path("sources/add/", sources.source_add, name="source_add"),
    path("sources/<int:pk>/", sources.source_detail, name="source_detail"),
    path("sources/<int:pk>/sync/", sources.source_sync, name="source_sync"),
    path("sources/<int:pk>/progress/", sources.source_progress, name="source_progress"),
    path("sources/<int:pk>/enable/", sources.source_enable, name="source_enable"),
    path("sources/<int:pk>/remove/", sources.source_remove, name="source_remove"),
]
