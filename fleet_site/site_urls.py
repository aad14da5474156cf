"""Addresses of the site itself: sign-in, account, people, theme, search, documents, health."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from fleet_site.views import finding, look, people, sign_in, tokens

app_name = "site"
urlpatterns = [
    path("", finding.home, name="home"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-in/<str:token>/", sign_in.one_time_link, name="one_time_link"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("account/password/", sign_in.password, name="password"),
    path("account/sessions/", sign_in.sessions, name="sessions"),
    path("account/sessions/end/", sign_in.sessions_end, name="sessions_end"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("people/", people.people, name="people"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/roles/", people.person_grant, name="person_grant"),
    path("people/<int:pk>/roles/<int:grant_pk>/revoke/", people.person_revoke, name="person_revoke"),
    path("people/<int:pk>/state/", people.person_state, name="person_state"),
    path("people/<int:pk>/link/", people.person_link, name="person_link"),
    path("theme/", look.theme, name="theme"),
    path("keys/", look.keys, name="keys"),
    path("styleguide/", look.styleguide, name="styleguide"),
    path("search/", finding.search, name="search"),
    path("search/results/", finding.search_results, name="search_results"),
    path("docs/", finding.docs_home, name="docs_home"),
    path("docs/<path:path>/", finding.docs, name="docs"),
    path("health/", finding.health, name="health"),
]
