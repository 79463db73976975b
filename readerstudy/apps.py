from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate

from readerstudy import env, logs


class ReaderstudyConfig(AppConfig):
    name = "readerstudy"

    def ready(self) -> None:
        from readerstudy import account_events, checks, shared_storage  # needs the models

        logs.hide({settings.SECRET_KEY, *env.secrets()})
        account_events.listen()
        checks.listen()
        shared_storage.listen()
        post_migrate.connect(_seal_what_lies_open, sender=self)


def _seal_what_lies_open(**_: Any) -> None:
    """A new version brings old secrets into the form in which it stores new ones."""
    from readerstudy.services import second_factors

    second_factors.seal_stored()
