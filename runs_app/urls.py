"""Addresses of the app."""

from django.urls import path

from runs_app.views import run_artifacts, runs, sources

app_name = "runs"
urlpatterns = [
    path("runs/", runs.run_list, name="list"),
    path("runs/new-since/", runs.new_runs, name="new_runs"),
    path("runs/columns/", runs.run_columns, name="columns"),
    path("runs/<int:pk>/", runs.run_detail, name="detail"),
    path("runs/<int:pk>/metrics/<path:key>/", runs.run_metric, name="metric"),
    path("runs/<int:pk>/artifacts/<path:path>", run_artifacts.run_artifact, name="artifact"),
    path("runs/<int:pk>/raw/<path:path>", run_artifacts.run_artifact_raw, name="artifact_raw"),
    path("runs/<int:pk>/refresh/", runs.run_refresh, name="refresh"),
    path("sources/", sources.source_list, name="source_list"),
    path("sources/add/", sources.source_add, name="source_add"),
    path("sources/<int:pk>/", sources.source_detail, name="source_detail"),
    path("sources/<int:pk>/sync/", sources.source_sync, name="source_sync"),
    path("sources/<int:pk>/progress/", sources.source_progress, name="source_progress"),
    path("sources/<int:pk>/enable/", sources.source_enable, name="source_enable"),
    path("sources/<int:pk>/remove/", sources.source_remove, name="source_remove"),
]
