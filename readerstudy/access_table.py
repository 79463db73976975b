"""Who may open which address: one row for every route of every app, asked before any view runs.

A route that is missing here is closed to everybody. An account that has nothing to do with a study is told that
there is no such page; one that has another role in it is told which role it needs. A new route needs a row here and
one in tests/service/readerstudy/permission_expectations.py.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from readerstudy.access_rules import (
    ADMINISTRATOR,
    ANALYST,
    EVERYBODY,
    INVITER,
    MEMBER,
    OWN_ACCOUNT,
    OWNER,
    READER,
    SIGNED_IN,
    STUDY_ADMIN,
    Rule,
)
from readerstudy.models import Study
from readerstudy.selectors import access

ROUTES: Final[Mapping[str, Rule]] = {
    "front_door": EVERYBODY,
    "health_live": EVERYBODY,
    "health_ready": EVERYBODY,
    "metrics": EVERYBODY,  # asks for a token of its own
    "desk": SIGNED_IN,
    # signing in
    **dict.fromkeys(
        (
            "login",
            "logout",
            "account_login",
            "account_logout",
            "account_inactive",
            "account_reset_password",
            "account_reset_password_done",
            "account_reset_password_from_key",
            "account_reset_password_from_key_done",
            "account_confirm_email",
            "account_email_verification_sent",
            "mfa_authenticate",
            "mfa_login_webauthn",
        ),
        EVERYBODY,
    ),
    # one's own account
    **dict.fromkeys(
        (
            "account",
            "account_change_password",
            "account_set_password",
            "account_email",
            "account_reauthenticate",
            "mfa_index",
            "mfa_reauthenticate",
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_download_recovery_codes",
            "mfa_list_webauthn",
            "mfa_add_webauthn",
            "mfa_reauthenticate_webauthn",
            "mfa_remove_webauthn",
            "mfa_edit_webauthn",
            "usersessions_list",
        ),
        OWN_ACCOUNT,
    ),
    # accounts of others
    "readerstudy:accounts": ADMINISTRATOR,
    "readerstudy:account_new": ADMINISTRATOR,
    "readerstudy:account_of": ADMINISTRATOR,
    "readerstudy:account_kind": ADMINISTRATOR,
    "readerstudy:account_link": ADMINISTRATOR,
    "readerstudy:account_deactivate": ADMINISTRATOR,
    "readerstudy:account_activate": ADMINISTRATOR,
    "readerstudy:account_reset_mfa": ADMINISTRATOR,
    "readerstudy:instance_audit": ADMINISTRATOR,
    # people of a study
    "readerstudy:study_people": MEMBER,
    "readerstudy:study_people_grant": OWNER,
    "readerstudy:study_people_withdraw": OWNER,
    # generation
    **{
        f"generation:{name}": STUDY_ADMIN
        for name in (
            "cohorts",
            "cohort_new",
            "dry_run",
            "cohort",
            "cohort_extract",
            "cohort_stop",
            "extraction_stop",
            "cohort_qc",
            "cohort_qc_sheet",
            "cohort_table1_csv",
            "patch_import_new",
            "patch_import",
            "patch_import_preview",
            "patch_import_stop",
            "patch_import_discard",
            "cohort_regions",
            "cohort_regions_decide",
            "cohort_region_sheet",
            "extraction_resume",
            "extraction_discard",
            "dry_run_stop",
            "patch_sets",
            "training_runs",
            "training_compare",
            "training_new",
            "training_run",
            "training_stop",
            "training_resume",
            "training_delete",
            "training_sample",
            "training_state",
            "training_sheets",
            "sampling_stop",
            "training_grid",
        )
    },
    # pools
    "readerstudy:pools": STUDY_ADMIN,
    "readerstudy:pool": STUDY_ADMIN,
    "readerstudy:pool_patch": STUDY_ADMIN,
    "readerstudy:pool_nearest": STUDY_ADMIN,
    "readerstudy:pool_exclude": STUDY_ADMIN,
    "readerstudy:pool_restore": STUDY_ADMIN,
    "readerstudy:pool_delete": STUDY_ADMIN,
    "readerstudy:pool_neighbours": STUDY_ADMIN,
    "readerstudy:pool_neighbours_stop": STUDY_ADMIN,
    # studies
    "readerstudy:studies": SIGNED_IN,
    "readerstudy:study_new": STUDY_ADMIN,
    "readerstudy:study": MEMBER,
    "readerstudy:study_revise": OWNER,
    "readerstudy:study_discard": OWNER,
    "readerstudy:study_freeze": OWNER,
    "readerstudy:study_open": OWNER,
    "readerstudy:study_close": OWNER,
    "readerstudy:study_amend": OWNER,
    "readerstudy:study_unblind": OWNER,
    "readerstudy:study_end": OWNER,
    "readerstudy:study_preview": MEMBER,
    "readerstudy:study_preview_panel": MEMBER,
    "readerstudy:study_preview_data": MEMBER,
    "readerstudy:study_preview_picture": MEMBER,
    "readerstudy:study_verify": MEMBER,
    "readerstudy:study_audit": MEMBER,
    "readerstudy:trial_csv": ANALYST,
    "readerstudy:trial_ndjson": ANALYST,
    "readerstudy:study_readers": INVITER,
    "readerstudy:invitation_revoke": INVITER,
    "readerstudy:invitation_new_link": INVITER,
    **{
        f"readerstudy:{name}": INVITER
        for name in (
            "reader",
            "reader_withdraw",
            "invitation_expiry",
            "invitation_list",
            "invitation_sheet",
            "invitation_sheet_of",
            "letters",
            "letter_example",
            "letters_send",
            "letter_send",
            "letters_stop",
        )
    },
    # results
    **{
        f"evaluation:{name}": ANALYST
        for name in (
            "results",
            "table3_csv",
            "statistics_json",
            "analyse",
            "analysis_stop",
            "statistics",
            "analysis_file",
            "exports",
            "everything_zip",
            "audit_csv",
            "reader_csv",
            "study_table2_csv",
            "data_dictionary",
        )
    },
    # tokens, and the JSON interface: a token acts for its account, see views/api/door.py
    "tokens": SIGNED_IN,
    "token_revoke": SIGNED_IN,
    "evaluation:api": SIGNED_IN,
    "api:openapi": EVERYBODY,  # holds nothing of this instance
    "api:root": EVERYBODY,
    "api:nowhere": EVERYBODY,
    "api:studies": SIGNED_IN,
    **{
        f"api:{name}": STUDY_ADMIN
        for name in (
            "cohorts",
            "cohort_import",
            "cohort",
            "cohort_stop",
            "cohort_extract",
            "look_begin",
            "look",
            "look_stop",
            "patch_sets",
            "patch_set",
            "patch_set_stop",
            "training_runs",
            "training_start",
            "training_run",
            "training_stop",
            "training_resume",
            "training_delete",
            "checkpoints",
            "checkpoint",
            "checkpoint_sample",
            "pools",
            "pool_make",
            "pool",
            "study_make",
            "metric_runs",
            "metric_run_start",
            "metric_run",
            "metric_run_stop",
        )
    },
    **{f"api:{name}": MEMBER for name in ("study", "study_verify", "study_audit")},
    **{
        f"api:{name}": OWNER
        for name in ("study_revise", "study_discard", "study_freeze", "study_open", "study_close")
    },
    **{
        f"api:{name}": INVITER
        for name in ("invitations", "invitation_make", "invitation_revoke", "invitation_new_link", "progress")
    },
    **{
        f"api:{name}": ANALYST
        for name in (
            "result",
            "result_analyse",
            "result_stop",
            "result_statistics",
            "result_table2",
            "result_table3",
            "result_trials",
            "result_readers",
            "result_everything",
            "result_file",
        )
    },
    # generators
    "evaluation:power": SIGNED_IN,
    **{
        f"evaluation:{name}": STUDY_ADMIN
        for name in (
            "generators",
            "table2_csv",
            "metric_runs",
            "metric_run",
            "metric_run_stop",
            "metrics_json",
            "memorisation_pair",
            "compare",
            "detection",
            "curves",
            "curve",
            "curve_stop",
        )
    },
}


def rule_of(namespaces: str, view_name: str) -> Rule | None:
    """The rule of a route by the name that `reverse` knows; None if the table has none."""
    if namespaces == "reading":
        return READER
    if namespaces == "admin":
        return ADMINISTRATOR  # Django's own pages ask again whether the account is of the support staff
    return ROUTES.get(view_name)


def check_can_open(rule: Rule, request: HttpRequest, captured: Mapping[str, Any]) -> None:
    """Raise PermissionDenied or Http404 unless the account of a request may open a route."""
    if not rule.is_own_account and access.lacks_second_factor(request.user):
        raise PermissionDenied("Set up a second factor first: this instance asks for one at the desk.")
    if rule.check is not None:
        rule.check(request.user)
    if rule.roles:
        held = roles_held(request, captured["slug"])
        if not held:
            raise Http404("no such study for this account")
        if not held & rule.roles:
            raise PermissionDenied(_needed(rule, held))


def can_open(request: HttpRequest, view_name: str, slug: str = "") -> bool:
    """The twin of `check_can_open` for templates: whether to offer a link or a button."""
    rule = rule_of(view_name.rpartition(":")[0], view_name)
    if rule is None:
        return False
    try:
        check_can_open(rule, request, {"slug": slug})
    except (PermissionDenied, Http404):
        return False
    return True


def roles_held(request: HttpRequest, slug: str) -> frozenset[str]:
    """Roles of the account of a request in a study; looked up once for each page."""
    known: dict[str, frozenset[str]] = request.__dict__.setdefault("roles_held", {})
    if slug not in known:
        study = Study.objects.filter(slug=slug).only("pk").first()
        known[slug] = access.roles_in(study, request.user) if study else frozenset()
    return known[slug]


def _needed(rule: Rule, held: frozenset[str]) -> str:
    """Why not: which role the page is for, and which ones the account has."""
    return f"This page is for the {rule.who} of the study; you are its {' and '.join(sorted(held))}. An owner can give you the role."
