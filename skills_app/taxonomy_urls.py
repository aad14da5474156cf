"""Addresses of the taxonomy."""

from django.urls import path

from skills_app.views import changes, placement, taxonomy, taxonomy_files

app_name = "taxonomy"
urlpatterns = [
    path("", taxonomy.tree, name="tree"),
    path("branches/<slug:key>/", taxonomy.branch, name="branch"),
    path("unplaced/", taxonomy.unplaced, name="unplaced"),
    path("look/", taxonomy.look, name="look"),
    path("steps/add/", taxonomy.step_add, name="step_add"),
    path("steps/back/", taxonomy.step_back, name="step_back"),
    path("steps/again/", taxonomy.step_again, name="step_again"),
    path("old-addresses/", taxonomy_files.old_addresses, name="old_addresses"),
    path("placement/", placement.placement, name="placement"),
    path("targets/", placement.targets, name="targets"),
    path("refusals/", placement.refusals, name="refusals"),
    path("names/", placement.name_check, name="name_check"),
    path("files/", taxonomy_files.files, name="files"),
    path("files/index/", taxonomy_files.index_json, name="index_json"),
    path("files/meta/", taxonomy_files.meta_json, name="meta_json"),
    path("check/", taxonomy_files.check, name="check"),
    path("changes/", changes.change_list, name="changes"),
    path("changes/<slug:key>/", changes.change_detail, name="change"),
    path("changes/<slug:key>/steps/", changes.change_steps, name="change_steps"),
    path("changes/<slug:key>/pick-up/", changes.change_pick_up, name="change_pick_up"),
    path("changes/<slug:key>/seen/", changes.change_seen, name="change_seen"),
    path("changes/<slug:key>/names/", changes.choice_check, name="choice_check"),
    path("changes/<slug:key>/apply/", changes.change_apply, name="change_apply"),
    path("changes/<slug:key>/propose/", changes.change_propose, name="change_propose"),
    path("changes/<slug:key>/accept/", changes.change_accept, name="change_accept"),
    path("changes/<slug:key>/drop/", changes.change_drop, name="change_drop"),
    path("changes/<slug:key>/again/", changes.change_again, name="change_again"),
    path("changes/<slug:key>/undo/", changes.change_undo, name="change_undo"),
]
