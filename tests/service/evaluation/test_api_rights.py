"""The JSON interface: every address x every kind of account, and nothing blinded leaks."""

import json

import pytest
from django.contrib.auth.models import Permission, User

from evaluation.views.api.interface import ROOT, document
from readerstudy import access_table
from readerstudy.models import Case, Study, StudyRole
from readerstudy.services import roles
from tests.factories import ADMIN, NOW, ReadingBrowser, make_invitation, make_study
from tests.tokens import Script

ADMIN_ONLY = {"study admin"}
PUBLIC = {"openapi", "root", "nowhere"}


def operations() -> list[tuple[str, str, str]]:
    """(path, method, name) of every operation of the document."""
    return [
        (path.removeprefix(ROOT), method, operation["operationId"])
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.fixture
def cast(db, settings) -> dict[str, Script]:
    """A script of each kind of account; the study belongs to none of them but by its roles."""
    settings.API_REQUESTS_PER_MINUTE = 10**9
    study = make_study("open")
    make_invitation(study)
    found = {}
    for role in StudyRole.Role.values:
        user = User.objects.create_user(f"the {role}")
        roles.grant(study=study, user=user, role=role, by=ADMIN, now=NOW)
        found[role] = Script(user)
    stranger = User.objects.create_user("a stranger")
    stranger.user_permissions.add(Permission.objects.get(codename="add_study"))
    found["study admin"] = Script(stranger)  # of other studies
    found["account"] = Script(User.objects.create_user("an account"))
    found["administrator"] = Script(User.objects.create_superuser("an administrator"))
    return found


def expected(name: str, who: str) -> set[int]:
    """Answers that the table of routes asks for; what is sent is empty, so that 4xx of other kinds mean `let in`."""
    rule = access_table.rule_of("api", f"api:{name}")
    assert rule is not None
    let_in = {200, 201, 202, 204, 409, 422}
    if rule.roles:
        if who == "administrator" or who in rule.roles:
            return let_in | {404} if "result" in name or "invitation_" in name else let_in
        return {403} if who in StudyRole.Role.values else {404}
    if rule.who in ADMIN_ONLY:
        return let_in | {404} if who in {"study admin", "administrator"} else {403}
    return let_in


class TestRights:
    def test_every_operation_for_every_account(self, cast):
        slug = Study.objects.get().slug
        wrong = []
        for path, method, name in operations():
            address = path.replace("{slug}", slug if path.startswith("/studies") else "nothing")
            address = address.format(pk=10**6, reader="R01", name="table3.csv")
            for who, script in cast.items():
                send = getattr(script, method)
                status = (send(address, {}) if method == "post" else send(address)).status_code
                if status not in expected(name, who):
                    wrong.append((method, path, who, status))
        assert not wrong

    def test_every_operation_has_a_row_and_every_row_an_operation(self):
        rows = {name.removeprefix("api:") for name in access_table.ROUTES if name.startswith("api:")}
        assert rows - PUBLIC == {name for _, _, name in operations()}

    def test_an_address_with_two_methods_asks_each_its_own_rule(self, cast):
        assert cast["account"].get("/studies").status_code == 200
        answer = cast["account"].post("/studies", {})
        assert answer.status_code == 403
        assert answer.json()["error"].startswith("This page is for study admins")

    def test_a_list_holds_own_studies_only(self, cast):
        assert cast["study admin"].get("/studies").json()["n_found"] == 0
        [mine] = cast["coordinator"].get("/studies").json()["items"]
        assert mine["roles"] == ["coordinator"]


class TestBlinding:
    def test_nothing_that_a_coordinator_reads_tells_a_case_from_another(self, cast):
        """No answer holds the id of a case, and none changes when every truth is another."""
        study = Study.objects.get()
        reader = ReadingBrowser(study.readers.get().invitation).begin().see_warm_up()
        for answer in ("real", "fake", "real"):
            reader.press(answer)

        def everything() -> str:
            texts = []
            for path, method, name in operations():
                if method == "get" and path.startswith("/studies/{slug}") and name != "study_verify":
                    address = path.format(slug=study.slug, name="cases.csv")
                    texts.append(cast["coordinator"].get(address).content.decode())
            return "\n".join(texts)

        before = everything()
        assert not [case.public_id for case in study.cases.all() if case.public_id in before]
        Case.objects.filter(source="real").update(source="other")
        Case.objects.exclude(source="other").update(source="real")
        assert everything() == before

    @pytest.mark.parametrize("name", ["", "/statistics", "/table3", "/trials", "/files/cases.csv"])
    def test_results_are_sealed_until_closing(self, cast, name):
        study = Study.objects.get()
        for who in ("owner", "analyst", "administrator"):
            answer = cast[who].get(f"/studies/{study.slug}/results{name}")
            assert answer.status_code == 409
            assert answer.json() == {
                "error": f'"{study.name}" is open; results and trials can be seen once it is closed.'
            }

    def test_progress_holds_no_name_and_no_answer(self, cast):
        study = Study.objects.get()
        text = json.dumps(cast["coordinator"].get(f"/studies/{study.slug}/progress").json())
        assert "Ada Reader" not in text
        assert not {"answer", "correct", "accuracy"} & set(json.loads(text)["items"][0])
