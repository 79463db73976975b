"""URLs of the reading room, below /read/: an address holds a signed link or a random token, nothing else."""

from django.urls import path, register_converter

from readerstudy.models.reading import TOKEN_LENGTH
from readerstudy.views import arrival, language, leaving, reading, reading_api


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
    # Asked for at every panel, therefore first.
    path("panel/<token:token>.bin", reading.panel_data, name="panel_data"),
    path("s/<token:public_id>/answers/", reading_api.answers, name="answers"),
    path("i/<str:link>/", arrival.arrival, name="arrival"),
    path("i/<str:link>/consent/", arrival.consent, name="consent"),
    path("i/<str:link>/declined/", arrival.declined, name="declined"),
    path("i/<str:link>/leave/", leaving.leave, name="leave"),
    path("s/<token:public_id>/", reading.session, name="session"),
    path("s/<token:public_id>/expertise/", arrival.expertise, name="expertise"),
    path("s/<token:public_id>/display/", arrival.display, name="display"),
    path("s/<token:public_id>/display/result/", arrival.display_result, name="display_result"),
    path("s/<token:public_id>/instructions/", arrival.instructions, name="instructions"),
    path("s/<token:public_id>/begin/", arrival.begin, name="begin"),
    path("s/<token:public_id>/practice.png", arrival.practice_picture, {"shape": "wide"}, name="practice"),
    path(
        "s/<token:public_id>/practice-tall.png",
        arrival.practice_picture,
        {"shape": "tall"},
        name="practice_tall",
    ),
    path("language/", language.choose, name="language"),
    path("practice.bin", arrival.practice_data, name="practice_data"),
    path("s/<token:public_id>/seat/", reading_api.seat, name="seat"),
    path("s/<token:public_id>/trials/", reading_api.trials, name="trials"),
    path("s/<token:public_id>/seen/", reading_api.seen, name="seen"),
    path("s/<token:public_id>/undo/", reading_api.undo, name="undo"),
    path("s/<token:public_id>/break/", reading.take_a_break, name="break"),
    path("s/<token:public_id>/pause/", reading.pause, name="pause"),
    path("t/<token:token>/", reading.trial, name="trial"),
    path("t/<token:token>/take-back/", reading.take_back, name="take_back"),
    path("t/<token:token>/panel.png", reading.panel, {"shape": "wide"}, name="panel"),
    path("t/<token:token>/panel-tall.png", reading.panel, {"shape": "tall"}, name="panel_tall"),
]
