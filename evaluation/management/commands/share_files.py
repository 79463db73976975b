"""`manage.py share_files`: publish what lies in this data folder and not yet in the bucket."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evaluation.selectors import shared_places
from generation import storage
from generation.core.errors import InputError


class Command(BaseCommand):
    help = (
        "Publish every finished file of this instance that the bucket of STORAGE_URL does not hold yet: once, when an "
        "instance begins to use one. What is there already is left alone. Let no job run meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not storage.is_shared():
            raise CommandError("There is no bucket; set STORAGE_URL, then share the files.")
        n_shared, missing = 0, []
        try:
            for place in shared_places.places():
                if storage.is_published(place):
                    continue
                if place.exists():
                    storage.publish(place)
                    n_shared += 1
                else:
                    missing.append(place.relative_to(settings.READERSTUDY_DATA).as_posix())
        except InputError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{storage.where()}: {n_shared} published.")
        if missing:
            more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
            raise CommandError(
                f"Neither here nor in the bucket: {', '.join(missing[:5])}{more}; run this on the machine that has them."
            )
