"""Addresses of the overview, the trends, and what people keep of them."""

from django.urls import path

from runs_app.views import agreement, alerts, comparisons, judge_samples, many, trend_rows, trends

app_name = "trends"
urlpatterns = [
    path("overview/", trends.overview, name="overview"),
    path("compare/runs/", comparisons.compare_runs, name="compare_runs"),
    path("compare/versions/", comparisons.compare_versions, name="compare_versions"),
    path("compare/many/", many.compare_many, name="compare_many"),
    path("compare/many.csv", many.compare_many_csv, name="compare_many_csv"),
    path("compare/many/<slug:name>.svg", many.compare_many_svg, name="compare_many_svg"),
    path("compare/many-versions/", many.compare_many_versions, name="compare_many_versions"),
    path("compare/many-versions.csv", many.compare_many_versions_csv, name="compare_many_versions_csv"),
    path(
        "compare/many-versions/<slug:name>.svg",
        many.compare_many_versions_svg,
        name="compare_many_versions_svg",
    ),
    path("alerts/", alerts.alert_list, name="alerts"),
    path("alerts/seen/", alerts.alerts_seen, name="alerts_seen"),
    path("alerts/<int:pk>/remove/", alerts.alert_rule_remove, name="alert_rule_remove"),
    path("views/", alerts.view_list, name="views"),
    path("views/save/", alerts.view_save, name="view_save"),
    path("views/<slug:key>/", alerts.view_open, name="view_open"),
    path("views/<slug:key>/remove/", alerts.view_remove, name="view_remove"),
    path("trends/", trends.trend_list, name="list"),
    path("trends/funnel/", trends.funnel, name="funnel"),
    path("trends/funnel.csv", trends.funnel_csv, name="funnel_csv"),
    path("trends/people/", trends.people, name="people"),
    path("trends/waits.csv", trends.waits_csv, name="waits_csv"),
    path("trends/rules.csv", trends.rules_csv, name="rules_csv"),
    path("trends/agreement/", agreement.agreement, name="agreement"),
    path("trends/agreement/<slug:name>.csv", agreement.agreement_csv, name="agreement_csv"),
    path("trends/agreement/<slug:name>.svg", agreement.agreement_svg, name="agreement_svg"),
    path("trends/samples/", judge_samples.sample_list, name="samples"),
    path("trends/samples/progress/", judge_samples.sample_progress, name="samples_progress"),
    path("trends/samples/order/", judge_samples.sample_order, name="sample_order"),
    path("trends/samples/<slug:key>/cancel/", judge_samples.sample_cancel, name="sample_cancel"),
    path("trends/rows/", trend_rows.trend_rows, name="rows"),
    path("trends/charts/<path:key>.csv", trends.chart_csv, name="chart_csv"),
    path("trends/charts/<path:key>.svg", trends.chart_svg, name="chart_svg"),
]
