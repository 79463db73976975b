"""Import patches drawn by any generator, or reals cut elsewhere, as a patch set."""

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generation.core import frame_set_json
from generation.core.errors import InputError
from generation.core.foreign import proposal
from generation.core.foreign.findings import Survey
from generation.core.foreign.mapping import Mapping, Scale
from generation.core.labels import parse_source
from generation.jobs import patch_copying, patch_looking
from generation.management import stopping
from generation.management.progress import ProgressBar
from generation.models import Job, PatchImport, PatchSet
from generation.selectors import patch_sets as selectors
from generation.services import patch_imports

LEFT_OUT = "-"


class Command(BaseCommand):
    help = "Import patches from .npy, NIfTI, 16-bit PNG or TIFF, or multi-frame DICOM (docs/importing-patches.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="holds the patches")
        parser.add_argument(
            "--source", default="", help="what drew the patches, such as stylegan-2; real for scans"
        )
        parser.add_argument("--name", default="", help="name of the patch set")
        parser.add_argument("--look", action="store_true", help="tell what is there, import nothing")
        parser.add_argument("--json", action="store_true", help="tell it as JSON")
        parser.add_argument(
            "--pattern",
            default="",
            help="of file names, such as {patient}_{class}_*; else index.csv or sub-folders",
        )
        parser.add_argument(
            "--frames",
            default="",
            help="a name for each found frame, with commas; - leaves one out; stored in this order",
        )
        parser.add_argument(
            "--like",
            default="",
            metavar="PATCH_SET",
            help="same frames as this patch set, or as a .json file with a frame set says",
        )
        parser.add_argument(
            "--values", default="", choices=[scale.value for scale in Scale], help="what becomes of values"
        )
        parser.add_argument(
            "--low", type=float, help="value that becomes 0; with --values as_is the lower limit"
        )
        parser.add_argument(
            "--high", type=float, help="value that becomes 1023; with --values as_is the upper limit"
        )
        parser.add_argument(
            "--class",
            dest="classes",
            action="append",
            default=[],
            metavar="WORD=CLASS",
            help="lesion class of a word; an empty class leaves its patches out",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with stopping.on_signals("Stopped; nothing was imported.") as interruption:
                self._import(options, interruption)
        except InputError as error:
            raise CommandError(str(error)) from error

    def _import(self, options: dict[str, Any], interruption: stopping.Interruption) -> None:
        if not options["look"] and not options["source"]:
            raise InputError("Say what drew the patches with --source, such as --source stylegan-2.")
        if options["source"]:
            parse_source(options["source"])
        with interruption.held():
            look = patch_imports.request_look(
                folder=options["folder"], pattern=options["pattern"], now=timezone.now()
            )
            interruption.ends_with(partial(_give_up, look.pk))
        try:
            survey = self._look(look, options)
            if options["look"]:
                return
            mapping = _mapping(survey, options)
            with interruption.held():
                row = patch_imports.request_copy(
                    row=look,
                    mapping=mapping,
                    source=options["source"],
                    name=options["name"],
                    now=timezone.now(),
                )
                interruption.ends_with(partial(_give_up, look.pk, row))
            with ProgressBar("patch") as bar:
                patch_copying.run(row.pk, on_progress=bar.show)
        finally:
            patch_imports.forget(look)
            look.delete()
        row.refresh_from_db()
        if row.status != PatchSet.Status.FINISHED:
            raise InputError(row.error or f"The import is {row.status}.")
        self.stdout.write(
            f"Patch set {row.slug}: {row.n_benign} benign, {row.n_malignant} malignant, {row.n_no_findings} healthy patches of {row.source}"
        )

    def _look(self, look: PatchImport, options: dict[str, Any]) -> Survey:
        with ProgressBar("patch") as bar:
            patch_looking.run(look.pk, on_progress=bar.show)
        look.refresh_from_db()
        survey = look.survey
        if look.status != Job.Status.FINISHED or survey is None:
            raise InputError(look.error or f"The look is {look.status}.")
        if options["look"]:
            lines = [json.dumps(survey.as_dict(), indent=1)] if options["json"] else told(survey)
            self.stdout.write("\n".join(lines))
        if survey.n_faults:
            rest = f" (and {survey.n_faults - 1} more)" if survey.n_faults > 1 else ""
            raise InputError(f"{survey.faults[0]}{rest}")
        return survey


def _give_up(look_pk: int, row: PatchSet | None = None) -> str:
    """Leave nothing of the look, which knows the folder, nor of the import that it led to."""
    has_ended = row is not None and not stopping.mark_stopped(row)
    if row is not None:
        patch_copying.give_up(row)
    for look in PatchImport.objects.filter(pk=look_pk):
        patch_imports.forget(look)
        look.delete()
    if row is not None and has_ended:
        return f"The import had ended before it was to be stopped: patch set {row.slug} is {row.status}."
    return "Stopped; nothing was imported and it is forgotten where from: give the same command again to import it."


def told(survey: Survey) -> list[str]:
    """What was found, a line for each thing."""
    words = ", ".join(f"{n} {word or 'without a class'}" for word, n in survey.words.items())
    values = [f"{low:g} to {high:g}" for low, high in zip(survey.low, survey.high, strict=True)]
    return [
        f"{survey.n_patches} patches: {survey.format}",
        f"{survey.n_frames} frames of {survey.height} x {survey.width} pixels, {survey.dtype}",
        f"values of the frames: {'; '.join(values)}",
        f"classes from {survey.origin or 'nowhere'}: {words}",
        f"{survey.n_patients} patients named; {survey.n_ignored} other files",
        *survey.warnings,
        *survey.faults,
    ]


def _mapping(survey: Survey, options: dict[str, Any]) -> Mapping:
    """The proposed mapping with what the command line says otherwise."""
    names = _names(survey, options["frames"])
    like = None
    if options["like"].endswith(".json"):
        like = frame_set_json.read_file(Path(options["like"]))
    elif options["like"]:
        like = next((row.frames for row in selectors.finished().filter(slug=options["like"])), None)
        if like is None:
            raise InputError(f'There is no finished patch set "{options["like"]}"; give the slug of one.')
    classes = proposal.classes(survey) | dict(_class(text) for text in options["classes"])
    if not names:
        proposed = proposal.propose(survey, like=like)
        places = [frame.place for frame in proposed.frames if frame.place is not None]
        names = {place: proposed.frames[index].name for index, place in enumerate(places)}
    by_place = [names.get(place, "") for place in range(survey.n_frames)]
    how = Scale(options["values"]) if options["values"] else proposal.scale(survey, by_place)
    proposed_ends = proposal.ends(survey, by_place, how)
    given = (options["low"], options["high"])
    return proposal.build(
        survey,
        places=list(names),
        named=list(names.values()),
        ends=[_ends(proposed_ends[place], given) for place in names],
        how=how,
        of_class=classes,
        adds_sub=like is None and proposal.can_add_sub(list(names.values())),
        like=like,
    )


def _names(survey: Survey, text: str) -> dict[int, str]:
    """Name of each frame that is taken, by its place; empty where none were given."""
    given = [name.strip() for name in text.split(",")] if text else []
    if given and len(given) != survey.n_frames:
        raise InputError(
            f"--frames names {len(given)} frames; {survey.n_frames} were found: give each a name, or - to leave it out."
        )
    return {place: name for place, name in enumerate(given) if name != LEFT_OUT}


def _ends(proposed: tuple[float, float], given: Iterable[float | None]) -> tuple[float, float]:
    low, high = (end if end is not None else own for end, own in zip(given, proposed, strict=True))
    return low, high


def _class(text: str) -> tuple[str, str]:
    word, sign, lesion_class = text.partition("=")
    if not sign:
        raise InputError(f'--class is "{text}"; write WORD=CLASS, such as tumour=malignant.')
    return word, lesion_class
