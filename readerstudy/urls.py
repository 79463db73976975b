"""URLs of the whole project: /desk/ for study admins, /read/ for readers."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from readerstudy import views

handler404 = "readerstudy.views.nowhere.page_not_found"

urlpatterns = [
    path("read/", include("readerstudy.reading_urls")),  # first: no reader waits for the desk's addresses
    path("", views.desk.front_door, name="front_door"),
    path(
        "sign-in/",
        auth_views.LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("sign-out/", auth_views.LogoutView.as_view(), name="logout"),
    path("desk/", views.desk.home, name="desk"),
    path("desk/", include("generation.urls")),
    path("desk/", include("readerstudy.desk_urls")),
    path("desk/", include("evaluation.urls")),
    path("support/", admin.site.urls),
]
