"""Addresses of the library."""

from django.urls import path

from skills_app.views import budget, rules, skill_files, skills

app_name = "skills"
urlpatterns = [
    path("", skills.skill_list, name="list"),
    path("budget/", budget.skill_budget, name="budget"),
    path("rules/", rules.rule_list, name="rules"),
    path("rules/<str:rule_id>/", rules.rule_detail, name="rule"),
    path("at/<path:path>/", skills.skill_at, name="at"),
    path("<slug:key>/", skills.skill_detail, name="detail"),
    path("<slug:key>/versions/<int:number>/", skills.version_detail, name="version"),
    path("<slug:key>/versions/<int:number>/fix/", skills.version_fix, name="fix"),
    path("<slug:key>/versions/<int:number>/SKILL.md", skill_files.document_raw, name="raw"),
    path("<slug:key>/versions/<int:number>/files/<path:path>", skill_files.file_detail, name="file"),
]
