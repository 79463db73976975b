"""Write everything that a study gives away into a folder."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evaluation.core import archive
from evaluation.selectors import exports
from generation.core.errors import InputError
from readerstudy.models import Study


class Command(BaseCommand):
    """Twin of the ZIP on the page of a study's files."""

    help = (
        "Export a closed study, or one that was unblinded early: trials, readers, Table 3, Table 2, statistics, report, "
        "protocol, audit log, scripts, data dictionary, and a manifest with the SHA-256 of each file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("study", help="slug of the study, as in its address")
        parser.add_argument("--out", type=Path, required=True, help="folder to write into; made if missing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write beside the files first, so that an interrupted export leaves no half of a file."""
        slug, out, now = options["study"], options["out"], timezone.now()
        study = Study.objects.filter(slug=slug).first()
        if study is None:
            known = ", ".join(Study.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f'There is no study "{slug}"; the studies here are: {known}.')
        try:
            members = exports.members(study, now=now)
            written = _write(members, exports.manifest_of(study, now=now), out)
        except InputError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(
                f"{error.filename or out} cannot be written: {error.strerror}; make room or choose another folder."
            ) from error
        n_bytes = sum(one.n_bytes for one in written)
        self.stdout.write(
            f"{len(written)} files, {n_bytes:,} bytes, in {out}: {', '.join(one.name for one in written)}."
        )


def _write(members: list[archive.Member], manifest: archive.Manifest, out: Path) -> list[archive.Written]:
    out.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
    try:
        written = archive.write_folder(members, manifest, draft)
        for one in written:
            (draft / one.name).replace(out / one.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written
