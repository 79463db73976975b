"""URLs of the whole project: /desk/ for study admins, /read/ for readers."""

from django.contrib import admin
from django.urls import include, path

from readerstudy import views

handler404 = "readerstudy.views.nowhere.page_not_found"
handler500 = "readerstudy.views.unavailable.server_error"

urlpatterns = [
    path("read/", include("readerstudy.reading_urls")),  # first: no reader waits for the desk's addresses
    path("", views.desk.front_door, name="front_door"),
    path("health/live", views.operation.live, name="health_live"),
    path("health/ready", views.operation.ready, name="health_ready"),
    path("metrics", views.operation.metrics, name="metrics"),
    path("", include("readerstudy.account_urls")),
    path("desk/", views.desk.home, name="desk"),
    path("desk/", include("generation.urls")),
    path("desk/", include("readerstudy.desk_urls")),
    path("desk/", include("evaluation.urls")),
    path("desk/tokens/", views.tokens.tokens, name="tokens"),
    path("desk/tokens/<int:pk>/revoke/", views.tokens.revoke, name="token_revoke"),
    path("api/v1/", include("evaluation.api_urls")),
    path("support/", admin.site.urls),
]
