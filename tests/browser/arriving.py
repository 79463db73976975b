"""A reader on the way from the personal link to the first panel, by whatever means."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import LEVELS, barriers

if TYPE_CHECKING:
    from tests.browser.serving import Server

STUDY = "study with every step of arrival"
STORED = """
    SELECT session.state, session.consented_at, session.expertise, session.display
    FROM readerstudy_readingsession session
    JOIN readerstudy_invitation invitation ON invitation.id = session.invitation_id
    JOIN readerstudy_reader reader ON reader.id = invitation.reader_id WHERE reader.study_id = ?
"""


@dataclass
class Arriving:
    """A reader of a new study, at the personal link."""

    server: "Server"
    page: Page
    what: str = STUDY
    inspected: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.study = self.server.prepare(self.what)
        self.page.goto(self.server.url + self.study["link"])

    def stored(self) -> list[tuple[object, ...]]:
        return self.server.rows(STORED, self.study["study"])

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    @property
    def square(self) -> Locator:
        """The two quarters that hold a square."""
        return self.page.locator(".quarter:has(.quarter__square--here) input")

    @property
    def n_steps(self) -> str:
        """How many steps the grey ramp has."""
        address = self.page.locator(".ramp").get_attribute("src") or ""
        return address.rsplit("ramp-", 1)[1].split(".")[0]

    def to_expertise(self) -> None:
        self.press("Start")
        self.press("I agree and take part")
        expect(self.page.get_by_role("heading", name="About you")).to_be_visible()

    def to_display(self) -> None:
        self.to_expertise()
        self.page.get_by_label("Radiologist, breast imaging").check()
        self.page.get_by_label("Years of experience").fill("12")
        self.press("Go on")
        expect(self.page.get_by_role("heading", name="Check your display")).to_be_visible()
        self.page.wait_for_load_state()  # with the script that measures the window

    def see_everything(self, light: str = "Dimmed") -> None:
        """Answer the display check as a reader of a good display."""
        for place in (0, 1):
            self.square.nth(place).check()
        self.page.locator(f'input[name="n_steps_counted"][value="{self.n_steps}"]').check()
        self.page.get_by_label(light).check()
        self.press("Check")
        expect(self.page.get_by_role("heading", name="Check your display")).to_have_count(0)

    def to_instructions(self) -> None:
        self.to_display()
        self.see_everything()

    def inspect(self, name: str, heading: str) -> None:
        """Note what axe finds on the page with this heading at three widths, and whether it is wider than its window."""
        expect(self.page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        self.page.wait_for_load_state()
        size = self.page.viewport_size
        for width, height in ((1440, 900), (390, 844), (320, 640)):
            self.page.set_viewport_size({"width": width, "height": height})
            found = barriers(self.page, [*LEVELS, "best-practice"])
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append(f"the page is {wide} px wide")
            self.inspected[f"{name}, {width} px"] = found
        if size:
            self.page.set_viewport_size(size)
