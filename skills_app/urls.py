"""Addresses of the library."""

from django.urls import path

from skills_app.views import budget, compare, library, publishing, retiring, rules, skill_files, skills

app_name = "skills"
urlpatterns = [
    path("", skills.skill_list, name="list"),
    path("budget/", budget.skill_budget, name="budget"),
    path("rules/", rules.rule_list, name="rules"),
    path("rules/<str:rule_id>/", rules.rule_detail, name="rule"),
    path("at/<path:path>/", skills.skill_at, name="at"),
    path("library/", library.library_folder, name="library"),
    path("library/scan/", library.library_scan, name="library_scan"),
    path("available.xml", library.available_xml, name="available"),
    path("<slug:key>/", skills.skill_detail, name="detail"),
    path("<slug:key>/deprecate/", retiring.skill_deprecate, name="deprecate"),
    path("<slug:key>/reactivate/", retiring.skill_reactivate, name="reactivate"),
    path("<slug:key>/withdraw/", retiring.skill_withdraw, name="withdraw"),
    path("<slug:key>/compare/", compare.version_compare, name="compare"),
    path("<slug:key>/versions/<int:number>/", skills.version_detail, name="version"),
    path("<slug:key>/versions/<int:number>/fix/", skills.version_fix, name="fix"),
    path("<slug:key>/versions/<int:number>/write/", skills.version_write, name="write"),
    path("<slug:key>/versions/<int:number>/promote/", publishing.version_promote, name="promote"),
    path("<slug:key>/versions/<int:number>/restore/", publishing.version_restore, name="restore"),
    path("<slug:key>/versions/<int:number>/skill.zip", publishing.version_zip, name="zip"),
    path("<slug:key>/versions/<int:number>/SKILL.md", skill_files.document_raw, name="raw"),
    path("<slug:key>/versions/<int:number>/files/<file:path>", skill_files.file_detail, name="file"),
]
