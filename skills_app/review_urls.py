"""Addresses of reviews, their comments and the queue."""

from django.urls import path

from skills_app.views import review_comments, review_steps, reviews

app_name = "reviews"
urlpatterns = [
    path("", reviews.review_list, name="list"),
    path("of/<slug:key>/<int:number>/", reviews.review_of_version, name="of_version"),
    path("<int:pk>/", reviews.review_detail, name="detail"),
    path("<int:pk>/request/", reviews.review_request, name="request"),
    path("<int:pk>/send/", review_steps.review_send, name="send"),
    path("<int:pk>/undo/<int:verdict_pk>/", review_steps.verdict_undo, name="undo"),
    path("<int:pk>/parts/", review_steps.parts_seen, name="parts"),
    path("<int:pk>/claim/", review_steps.review_claim, name="claim"),
    path("<int:pk>/people/", review_steps.review_people, name="people"),
    path("<int:pk>/needed/", review_steps.review_needed, name="needed"),
    path("<int:pk>/move/", review_steps.review_move, name="move"),
    path("<int:pk>/end/", review_steps.review_end, name="end"),
    path("<int:pk>/suggestions/", review_steps.suggestions_accept, name="suggestions"),
    path("<int:pk>/comments/", review_comments.comment_add, name="comment_add"),
    path("<int:pk>/quote-source/", review_comments.quote_source, name="quote_source"),
    path("<int:pk>/comments/<int:comment_pk>/", review_comments.comment_detail, name="comment"),
    path("<int:pk>/comments/<int:comment_pk>/draft/", review_comments.draft_edit, name="draft"),
    path("<int:pk>/comments/<int:comment_pk>/reply/", review_comments.comment_reply, name="reply"),
    path("<int:pk>/comments/<int:comment_pk>/state/", review_comments.comment_state, name="state"),
]
