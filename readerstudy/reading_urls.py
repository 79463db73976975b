"""URLs of the reading room, below /read/: an address holds a signed link or a random token, nothing else."""

from django.urls import path, register_converter

from readerstudy.models.reading import TOKEN_LENGTH
from readerstudy.views import reading


class TokenConverter:
    """The random token of a session or a trial."""

    regex = f"[0-9a-f]{{{TOKEN_LENGTH}}}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TokenConverter, "token")

app_name = "reading"
urlpatterns = [
    path("i/<str:link>/", reading.arrival, name="arrival"),
    path("s/<token:public_id>/", reading.session, name="session"),
    path("s/<token:public_id>/begin/", reading.begin, name="begin"),
    path("s/<token:public_id>/pause/", reading.pause, name="pause"),
    path("t/<token:token>/", reading.trial, name="trial"),
    path("t/<token:token>/panel.png", reading.panel, {"shape": "wide"}, name="panel"),
    path("t/<token:token>/panel-tall.png", reading.panel, {"shape": "tall"}, name="panel_tall"),
    path("panel/<token:token>.bin", reading.panel_data, name="panel_data"),
]
