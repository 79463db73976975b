"""Plain factories for tests with a database."""

import itertools
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from generation.core.frame_set import PAPER, FrameSet
from generation.core.frames import MAX_INTENSITY, assemble
from generation.core.labels import LESION_CLASSES, REAL
from generation.core.patch_set import PatchRow, PatchSetWriter
from generation.models import PatchSet
from readerstudy.core import protocol as protocols
from readerstudy.models import Invitation, Pool, Study
from readerstudy.selectors.links import link_token
from readerstudy.services import invitations, pools, studies

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADMIN = "admin"
_NUMBER = itertools.count(1)


def make_patches(n: int, rng: np.random.Generator) -> np.ndarray:
    """n patches of smooth random blobs, (n, 7, 64, 64) int16."""
    coarse = rng.integers(0, MAX_INTENSITY, size=(n, 6, 8, 8), dtype=np.int16)
    return assemble(coarse.repeat(8, axis=-1).repeat(8, axis=-2))


def make_noise(n: int, rng: np.random.Generator) -> np.ndarray:
    """n patches that no method can compress much, (n, 7, 64, 64) int16."""
    return assemble(rng.integers(0, MAX_INTENSITY + 1, size=(n, 6, 64, 64), dtype=np.int16))


def make_frames(n: int, rng: np.random.Generator, frame_set: FrameSet) -> np.ndarray:
    """n patches of smooth random blobs of any frame set, (n, frames, height, width) int16."""
    coarse = rng.uniform(size=(n, frame_set.n_frames, 8, 8))
    enlarged = np.kron(coarse, np.ones((-(-frame_set.height // 8), -(-frame_set.width // 8))))
    low, high = np.array(frame_set.limits).T[..., None, None]
    values = low + enlarged[..., : frame_set.height, : frame_set.width] * (high - low)
    return frame_set.subtracted(np.rint(values).astype(np.int16))


def make_patch_set(
    source: str = REAL,
    n_per_class: int = 8,
    *,
    n_patients: int = 8,
    seed: int = 0,
    draw: Callable[[int, np.random.Generator], np.ndarray] = make_patches,
    frame_set: FrameSet = PAPER,
) -> PatchSet:
    """A finished patch set on disk with its row; real patches belong to patients in turn."""
    number = next(_NUMBER)
    slug = f"{source}-{number}"
    rng = np.random.default_rng([seed, number])
    rows = [
        PatchRow(patient=f"P{i % n_patients:03d}" if source == REAL else "", lesion_class=lesion_class)
        for lesion_class in LESION_CLASSES
        for i in range(n_per_class)
    ]
    place = settings.READERSTUDY_DATA / "patch_sets" / slug
    with PatchSetWriter(place, source=source, frame_set=frame_set) as writer:
        patches = draw(len(rows), rng) if frame_set.is_paper else make_frames(len(rows), rng, frame_set)
        writer.add(patches, rows)
        folder = writer.finish({"made by": "a test"})
    return PatchSet.objects.create(
        name=f"{source} patches {number}",
        slug=slug,
        source=source,
        status=PatchSet.Status.FINISHED,
        sha256=folder.sha256,
        frame_set=frame_set.to_json(),
        created_at=NOW,
        **{f"n_{lesion_class}": n_per_class for lesion_class in LESION_CLASSES},
    )


def make_pool(source: str = REAL, n_per_class: int = 8, **kwargs: Any) -> Pool:
    """A pool of a new patch set."""
    patch_set = make_patch_set(source, n_per_class, **kwargs)
    return pools.create(name=f"Pool {patch_set.name}", patch_set=patch_set, by=ADMIN, now=NOW)


def small_protocol(**changes: Any) -> protocols.Protocol:
    """6 real + 6 synthetic panels in the test, 3 + 3 in the warm-up."""
    values: dict[str, Any] = {
        "test": {
            "real": dict.fromkeys(LESION_CLASSES, 2),
            "dcgan": dict.fromkeys(LESION_CLASSES, 1),
            "wgan": dict.fromkeys(LESION_CLASSES, 1),
        },
        "warm_up": protocols.spread_warm_up(3, 3, ("dcgan", "wgan")),
        "seed": 5,
    }
    return protocols.Protocol(**{**values, **changes})


def make_study(
    status: str = "open",
    *,
    protocol: protocols.Protocol | None = None,
    n_per_class: int = 8,
    offered: Sequence[Pool] = (),
) -> Study:
    """A study with pools large enough, or with those offered, brought to a status by the services."""
    protocol = protocol or small_protocol()
    offered = offered or [make_pool(source, n_per_class) for source in protocol.sources]
    name = f"Breast study {next(_NUMBER)}"
    study = studies.create(name=name, protocol=protocol, pools=offered, by=ADMIN, now=NOW)
    for reached, step in (
        ("frozen", studies.freeze),
        ("open", studies.open_to_readers),
        ("closed", studies.close),
    ):
        if study.status == status:
            break
        study = step(study=study, by=ADMIN, now=NOW)
        assert study.status == reached
    return study


def administrator(name: str = ADMIN) -> str:
    """The user name of an account that may do everything, made when it is first asked for."""
    User.objects.get_or_create(username=name, defaults={"is_superuser": True, "is_staff": True})
    return name


def make_invitation(study: Study, name: str = "Ada Reader", group: str = "radiologist") -> Invitation:
    """An invited reader."""
    return invitations.invite(study=study, name=name, group=group, by=ADMIN, now=NOW)


_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)


class _FormParser(HTMLParser):
    """The first form of a page besides the choice of language: where it goes, what is filled in, its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []
        self.is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and found.get("action") != reverse("reading:language"):
            self.action, self.is_inside = found.get("action", ""), True
        elif not self.is_inside:
            return
        elif tag == "input" and found.get("type") == "hidden":
            self.fields[found["name"]] = found["value"]
        elif tag == "button":
            self.buttons.append((found.get("name", ""), found.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False


class ReadingBrowser:
    """A reader without JavaScript: opens pages, presses the buttons found on them, follows redirects."""

    def __init__(self, invitation: Invitation) -> None:
        self.link = reverse("reading:arrival", args=[link_token(invitation)])
        self.client = Client(enforce_csrf_checks=True)
        self.page: HttpResponse | None = None
        self.address = ""

    def open(self, address: str | None = None) -> HttpResponse:
        """Open an address, or the personal link."""
        return self._follow(self.client.get(address or self.link), address or self.link)

    def press(self, answer: str | None = None, **fields: str) -> HttpResponse:
        """Press the page's only button, or one of its answer buttons."""
        response, address = self.send(answer, **fields)
        return self._follow(response, address)

    def send(self, answer: str | None = None, **fields: str) -> tuple[HttpResponse, str]:
        """Send the page's form without following the answer."""
        form = self.form()
        data = {**form.fields, **fields}
        if answer is not None:
            assert ("answer", answer) in form.buttons
            data["answer"] = answer
        address = form.action or self.address
        return self.client.post(address, data), address

    def form(self) -> _FormParser:
        """The first form of the page, as a browser reads it."""
        parser = _FormParser()
        for form in _FORM.findall(self.text):
            parser.feed(form)
        assert parser.action is not None, self.text
        return parser

    def follow_link(self) -> HttpResponse:
        """Follow the page's large link."""
        match = re.search(r'<a class="go" href="([^"]+)"', self.text)
        assert match, self.text
        return self.open(match.group(1))

    def begin(self) -> "ReadingBrowser":
        """Go from the link to the first panel."""
        self.open()
        self.press()  # Start
        self.press()  # Begin
        return self

    def see_warm_up(self) -> "ReadingBrowser":
        """Press Next until the test can begin, then begin it."""
        while "Warm-up" in self.text:
            self.press()
        self.follow_link()
        return self

    @property
    def text(self) -> str:
        assert self.page is not None
        return self.page.content.decode()

    @property
    def token(self) -> str:
        """The token of the trial on the screen."""
        match = re.fullmatch(r"/read/t/([0-9a-f]{32})/", self.address)
        assert match, self.address
        return match.group(1)

    def _follow(self, response: HttpResponse, address: str) -> HttpResponse:
        while response.status_code == 302:
            address = response["Location"]
            response = self.client.get(address)
        self.page, self.address = response, address
        return response
