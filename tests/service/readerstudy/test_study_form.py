"""The designer's form: it comes with sensible defaults, knows the whole protocol and says what is wrong where it is wrong."""

import pytest
from django.urls import reverse

from readerstudy.core.arrival import USUAL_QUESTIONS, Arrival, ExpertiseQuestion
from readerstudy.core.conduct import ANSWER_THEN_REVEAL, Conduct
from readerstudy.core.protocol import Protocol
from readerstudy.models import Study
from tests.factories import make_pool, make_study
from tests.service.readerstudy import designer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def offered(db) -> None:
    for source in ("real", "dcgan", "wgan"):
        make_pool(source)


def row(number: int, **values: str) -> dict[str, str]:
    """One row of questions about the reader, from 1."""
    return {f"questions-{number - 1}-{name}": value for name, value in values.items()}


class TestDefaults:
    def test_a_new_study_begins_with_what_is_recommended(self, study_admin):
        designer.post(study_admin)
        protocol = Study.objects.get().rules
        assert protocol.arrival == Arrival(questions=USUAL_QUESTIONS, display_check=True)
        assert protocol.conduct == Conduct(break_every=60)
        assert protocol.language == "reader"

    def test_a_draft_can_be_saved_on_the_way_to_its_preview(self, study_admin):
        response = designer.post(study_admin, then="preview")
        study = Study.objects.get()
        assert response["Location"] == reverse("readerstudy:study_preview", args=[study.slug])
        assert designer.post(study_admin, name="Other")["Location"].endswith("/studies/other/")

    def test_three_empty_rows_follow_the_usual_questions(self, study_admin):
        rows = designer.shown(study_admin).questions.forms
        assert [row["label"].value() or "" for row in rows] == [
            *(question.label for question in USUAL_QUESTIONS),
            "",
            "",
            "",
        ]

    @pytest.mark.parametrize(("preset", "n_real"), [("paper", 80), ("half", 40), ("quarter", 20)])
    def test_presets_scale_the_papers_numbers(self, study_admin, preset, n_real):
        form = designer.shown(study_admin, reverse("readerstudy:study_new") + f"?preset={preset}")
        # Haarburger 2019, section 4.2: 240 real panels over three classes.
        assert form["n_real_benign"].value() == n_real


class TestWholeProtocol:
    def test_every_field_of_a_protocol_has_a_control(self, study_admin):
        fields = set(designer.shown(study_admin).fields)
        # Quotas are a table, questions are rows, and the format is the software's.
        others = {"test", "warm_up", "conduct", "arrival", "format_version", "questions"}
        names = {name for part in (Protocol, Conduct, Arrival) for name in part.__dataclass_fields__} - others
        assert names <= fields

    def test_the_list_of_what_is_wrong_knows_every_control(self, study_admin):
        form = designer.shown(study_admin)
        page = study_admin.get(reverse("readerstudy:study_new")).content.decode()
        places = [page.index(f'name="{form[name].html_name}"') for name in form.fields]
        assert places == sorted(places)

    def test_a_changed_form_becomes_the_protocol_and_comes_back_as_it_was(self, study_admin):
        changes = {
            "language": "de",
            "comment": "on",
            "undo": "on",
            "time_limit_seconds": "60",
            "min_viewing_seconds": "1",
            "break_every": "5",
            "n_repeats": "3",
            "repeat_distance": "9",
            "n_checks": "2",
            "warm_up_mode": ANSWER_THEN_REVEAL,
            "refresher_after_days": "7",
            "n_refresher": "4",
            "consent": "# Consent\r\n\r\nI take part.",
            "instructions": "Look **closely**.",
            "display_check": None,
            "confidence_levels": "5",
            "layout": "figure-4",
            **row(4, label="Hand", kind="choice", choices="left\r\nright\r\n\r\n"),
        }
        designer.post(study_admin, **changes)
        study = Study.objects.get()
        protocol = study.rules
        assert protocol.conduct == Conduct(
            comment=True,
            undo=True,
            time_limit_seconds=60,
            min_viewing_seconds=1,
            break_every=5,
            n_repeats=3,
            repeat_distance=9,
            n_checks=2,
            warm_up_mode=ANSWER_THEN_REVEAL,
            refresher_after_days=7,
            n_refresher=4,
        )
        assert protocol.arrival == Arrival(
            consent="# Consent\n\nI take part.",
            instructions="Look **closely**.",
            questions=(
                *USUAL_QUESTIONS,
                ExpertiseQuestion("Hand", "choice", ("left", "right"), required=True),
            ),
        )
        assert (protocol.language, protocol.confidence_levels, protocol.layout) == ("de", 5, "figure-4")
        address = reverse("readerstudy:study_revise", args=[study.slug])
        study_admin.post(address, designer.filled_in(designer.shown(study_admin, address)))
        study.refresh_from_db()
        assert study.rules == protocol
        assert study.audit_events.first().verb == "study.revised"

    def test_a_draft_of_an_older_format_can_be_revised(self, study_admin):
        study = make_study("draft")
        old = {
            name: value
            for name, value in study.protocol.items()
            if name not in {"language", "conduct", "arrival"}
        }
        Study.objects.filter(pk=study.pk).update(protocol=old | {"format_version": 2})
        address = reverse("readerstudy:study_revise", args=[study.slug])
        study_admin.post(address, designer.filled_in(designer.shown(study_admin, address)))
        study.refresh_from_db()
        assert (study.rules.format_version, study.rules.conduct) == (3, Conduct())


class TestComplaints:
    @pytest.mark.parametrize(
        ("changes", "field", "sentence"),
        [
            ({"name": ""}, "name", "This field is required."),
            ({"name": "!"}, "name", "has no letter or digit for an address"),
            ({"question": " "}, "question", "This field is required."),
            ({"real_key": "r"}, "real_key", 'The key "r" cannot be an answer'),
            ({"synthetic_key": "u"}, "synthetic_key", 'The key "u" cannot be an answer'),
            ({"synthetic_key": "f"}, "synthetic_key", 'Both answers have the key "f"'),
            ({"comment": "on", "synthetic_key": "t"}, "synthetic_key", 'The key "t" opens the comment'),
            ({"time_limit_seconds": "3"}, "time_limit_seconds", "leaves no time to look"),
            (
                {"time_limit_seconds": "10", "min_viewing_seconds": "10"},
                "min_viewing_seconds",
                "make the limit longer",
            ),
            ({"n_repeats": "3", "repeat_distance": "30"}, "n_repeats", "ask for fewer repeats or a smaller distance"),
            (
                {"warm_up_real": "0", "warm_up_synthetic": "0", "refresher_after_days": "7"},
                "refresher_after_days",
                "the warm-up has none; give it some",
            ),
            ({"n_wgan_benign": "-1"}, "n_wgan_benign", "greater than or equal to 0"),
            ({"n_real_benign": "9"}, "n_real_benign", "lower the quota or choose a larger pool"),
            ({"pool_wgan": ""}, "pool_wgan", "choose one or set its numbers to 0"),
            ({"warm_up_mode": "never"}, "warm_up_mode", "Select a valid choice"),
        ],
    )  # fmt: skip
    def test_a_refusal_stands_beside_its_field_and_in_the_list_above(
        self, study_admin, changes, field, sentence
    ):
        response = designer.post(study_admin, **changes)
        form, text = response.context["form"], response.content.decode()
        assert response.status_code == 422
        assert [name for name in form.errors if form.errors[name]] == [field]
        assert sentence in " ".join(form.errors[field])
        assert f'id="{form[field].auto_id}_error"' in text
        assert f'<a href="#{response.context["complaints"][0].anchor}">' in text
        assert f'id="{response.context["complaints"][0].anchor}"' in text
        assert not Study.objects.exists()

    def test_everything_that_is_wrong_is_said_at_once(self, study_admin):
        response = designer.post(
            study_admin,
            name="",
            time_limit_seconds="3",
            real_key="r",
            n_wgan_benign="999",
            **row(4, label="Hand", kind="choice"),
        )
        # In the order of the page.
        assert [complaint.label for complaint in response.context["complaints"]] == [
            "Name",
            "WGAN, benign",
            "Key for “real”",
            "Time limit per panel, seconds",
            "Question 4 about the reader",
        ]

    def test_a_test_without_generators_is_refused_above_the_table(self, study_admin):
        none = {
            f"n_{source}_{c}": "0"
            for source in ("dcgan", "wgan")
            for c in ("benign", "malignant", "no_findings")
        }
        response = designer.post(study_admin, **none)
        assert response.context["form"].test_errors == [
            "No generator has panels in the test; give at least one a number."
        ]
        assert 'href="#panels"' in response.content.decode()

    def test_what_was_typed_is_kept(self, study_admin):
        response = designer.post(study_admin, name="", consent="My own words", **row(5, label="Hand"))
        text = response.content.decode()
        assert "My own words" in text
        assert 'value="Hand"' in text


class TestQuestions:
    def test_clearing_a_question_drops_it_with_its_choices(self, study_admin):
        designer.post(study_admin, **row(1, label=""))
        assert Study.objects.get().rules.arrival.questions == USUAL_QUESTIONS[1:]

    def test_all_can_be_dropped(self, study_admin):
        designer.post(study_admin, **row(1, label=""), **row(2, label=""), **row(3, label=""))
        assert Study.objects.get().rules.arrival.questions == ()

    def test_choices_are_left_out_where_a_number_is_asked_for(self, study_admin):
        designer.post(study_admin, **row(1, kind="number"))
        assert Study.objects.get().rules.arrival.questions[0] == ExpertiseQuestion("Your role", "number")

    @pytest.mark.parametrize(
        ("values", "field", "sentence"),
        [
            ({"choices": "left\nright"}, "label", "These choices have no question; write it, or clear them."),
            ({"label": "Hand", "kind": "choice", "choices": "left"}, "choices", 'The question "Hand" has 1 choice; give 2 to 20.'),
            ({"label": "Hand", "kind": "choice", "choices": "left\nleft\nright"}, "choices", "there twice"),
        ],
    )  # fmt: skip
    def test_a_row_that_cannot_be_used_says_why(self, study_admin, values, field, sentence):
        response = designer.post(study_admin, **row(4, **values))
        errors = response.context["form"].questions.forms[3].errors
        assert list(errors) == [field]
        assert sentence in " ".join(errors[field])

    def test_a_question_is_asked_once(self, study_admin):
        response = designer.post(study_admin, **row(4, label=USUAL_QUESTIONS[1].label, kind="number"))
        assert response.context["form"].questions_errors == [
            "Two questions about the reader are the same; ask each once."
        ]

    def test_saving_gives_three_more_rows(self, study_admin):
        designer.post(study_admin, **row(4, label="One", kind="text"), **row(5, label="Two", kind="text"))
        address = reverse("readerstudy:study_revise", args=[Study.objects.get().slug])
        assert len(designer.shown(study_admin, address).questions.forms) == 5 + 3


def test_the_study_page_states_the_protocol_in_words(study_admin):
    designer.post(
        study_admin,
        n_repeats="3", repeat_distance="9", n_checks="1", time_limit_seconds="60", undo="on", confidence_levels="4",
        consent="I agree.", refresher_after_days="7",
    )  # fmt: skip
    text = study_admin.get(reverse("readerstudy:study", args=[Study.objects.get().slug])).content.decode()
    for words in (
        "Each reader judged 24 panels in the test: 12 real, 6 DCGAN, 6 WGAN",
        "3 of them came a second time, at least 9 panels after the first",
        "1 attention check, panels made obviously synthetic, stood among them and is not analysed",
        "A session thus had 28 test trials",
        "with a confidence of 1 to 4",
        "The last answer could be taken back",
        "6 other panels (3 real, 3 synthetic), each shown with its origin",
        "After a pause of 7 days or more, 6 warm-up panels came again",
        "within 60 s of its first sight",
        "A break was offered after every 60 panels",
        "Readers agreed to a written consent. They were asked: Your role (Radiologist, breast imaging;",
        "Their display was checked",
    ):
        assert words in text
