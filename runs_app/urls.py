"""Addresses of the app."""

from django.urls import path

from runs_app.views import (
    generation_events,
    generation_new,
    generation_page,
    generation_prompts,
    generations,
    review_regenerate,
    run_artifacts,
    runs,
    sources,
)

app_name = "runs"
urlpatterns = [
    path("runs/", runs.run_list, name="list"),
    path("runs/new-since/", runs.new_runs, name="new_runs"),
    path("runs/columns/", runs.run_columns, name="columns"),
    path("runs/<int:pk>/", runs.run_detail, name="detail"),
    path("runs/<int:pk>/metrics/<path:key>/", runs.run_metric, name="metric"),
    path("runs/<int:pk>/history.csv", runs.run_metric_csv, name="metric_csv"),
    path("runs/<int:pk>/history.svg", runs.run_metric_svg, name="metric_svg"),
    path("runs/<int:pk>/artifacts/<file:path>", run_artifacts.run_artifact, name="artifact"),
    path("runs/<int:pk>/raw/<file:path>", run_artifacts.run_artifact_raw, name="artifact_raw"),
    path("runs/<int:pk>/refresh/", runs.run_refresh, name="refresh"),
    path("generations/", generations.generation_list, name="generation_list"),
    path("generations/new/", generation_new.generation_new, name="generation_new"),
    path("generations/batch/", generation_new.generation_batch, name="generation_batch"),
    path("generations/inbox/", generations.generation_inbox, name="generation_inbox"),
    path("generations/<slug:key>/", generation_page.generation_detail, name="generation_detail"),
    path(
        "generations/<slug:key>/progress/",
        generation_page.generation_progress_part,
        name="generation_progress",
    ),
    path("generations/<slug:key>/events/", generation_events.generation_events, name="generation_events"),
    path("generations/<slug:key>/cancel/", generation_page.generation_cancel, name="generation_cancel"),
    path("generations/<slug:key>/retry/", generation_page.generation_retry, name="generation_retry"),
    path("generations/<slug:key>/complete/", generation_page.generation_complete, name="generation_complete"),
    path(
        "generations/<slug:key>/prompts/<str:prompt_key>/",
        generation_prompts.prompt_answer,
        name="prompt_answer",
    ),
    path(
        "generations/<slug:key>/prompts/<str:prompt_key>/claim/",
        generation_prompts.prompt_claim,
        name="prompt_claim",
    ),
    path(
        "generations/<slug:key>/prompts/<str:prompt_key>/hand-over/",
        generation_prompts.prompt_hand_over,
        name="prompt_hand_over",
    ),
    path("reviews/<int:pk>/regenerate/", review_regenerate.review_regenerate, name="review_regenerate"),
    path("sources/", sources.source_list, name="source_list"),
    path("sources/add/", sources.source_add, name="source_add"),
    path("sources/<int:pk>/", sources.source_detail, name="source_detail"),
    path("sources/<int:pk>/sync/", sources.source_sync, name="source_sync"),
    path("sources/<int:pk>/progress/", sources.source_progress, name="source_progress"),
    path("sources/<int:pk>/enable/", sources.source_enable, name="source_enable"),
    path("sources/<int:pk>/remove/", sources.source_remove, name="source_remove"),
]
