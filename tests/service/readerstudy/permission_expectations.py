"""What each role meets at each route, written by hand and apart from readerstudy/access_table.py.

A new route needs three things:
1. its row in `readerstudy/access_table.py`, or it answers 404 to everybody;
2. its name, as `reverse` knows it, in the block of `EXPECTED` below that says who may open it;
3. the printed matrix anew: `WRITE_PERMISSIONS=1 pytest tests/service/readerstudy/test_permissions.py`.
A route whose address has an argument with a pattern of its own, as of `re_path`, also needs an example in `EXAMPLES`.

The roles, in the order of the words of a line: somebody who is not signed in, a reader with a personal link, an account
without any role, a study admin without a role in the study, its coordinator, its analyst, its owner (the last three are
not study admins), and an administrator. The words: `open` (the view runs), `sign-in` (sent there), `403` (told which role
is needed), `404` (told that there is no such page). Routes of the JSON interface are asked with a token of each account;
there `401` (a token is needed) stands in the place of `sign-in`.
"""

from typing import Final

ROLES: Final = (
    "nobody",
    "reader",
    "plain account",
    "study admin",
    "coordinator",
    "analyst",
    "owner",
    "administrator",
)

# fmt: off
#                       nobody  reader  plain   admin   coord.  analyst owner   administrator
EVERYBODY: Final     = "open    open    open    open    open    open    open    open"
NOBODY: Final        = "404     404     404     404     404     404     404     404"
NOT_SIGNED_IN: Final = "sign-in sign-in open    open    open    open    open    open"
READER: Final        = "404     open    404     404     404     404     404     404"
ACCOUNT: Final       = "sign-in sign-in open    open    open    open    open    open"
STUDY_ADMIN: Final   = "sign-in sign-in 403     open    403     403     403     open"
ADMINISTRATOR: Final = "sign-in sign-in 403     403     403     403     403     open"
# In a study, its own people; STRANGERS is what the same accounts meet in a study of somebody else.
MEMBER: Final        = "sign-in sign-in 404     404     open    open    open    open"
OWNER: Final         = "sign-in sign-in 404     404     403     403     open    open"
INVITER: Final       = "sign-in sign-in 404     404     open    403     open    open"
ANALYST: Final       = "sign-in sign-in 404     404     403     open    open    open"
STRANGERS: Final     = "sign-in sign-in 404     404     404     404     404     open"
# fmt: on
OF_STUDY: Final = (MEMBER, OWNER, INVITER, ANALYST)

# fmt: off
_BLOCKS: Final = (
    (EVERYBODY, """
        login account_login logout account_logout account_inactive
        account_reset_password account_reset_password_done
        account_reset_password_from_key account_reset_password_from_key_done
        account_email_verification_sent account_confirm_email
        health_live health_ready
        reading:language reading:practice_data
        api:openapi
    """),
    # Whoever holds a personal link may use it.
    (EVERYBODY, "reading:arrival reading:consent reading:declined reading:leave"),
    (NOBODY, "metrics api:root api:nowhere"),  # without its token; addresses that do not exist
    (NOT_SIGNED_IN, "front_door mfa_login_webauthn mfa_authenticate"),
    (READER, """
        reading:panel_data reading:answers reading:session reading:expertise reading:display reading:display_result
        reading:instructions reading:begin reading:practice reading:practice_tall reading:seat reading:trials
        reading:seen reading:undo reading:break reading:pause reading:trial reading:take_back reading:panel
        reading:panel_tall
    """),
    (ACCOUNT, """
        account mfa_index mfa_list_webauthn
        account_change_password account_set_password account_email usersessions_list
        account_reauthenticate mfa_reauthenticate mfa_reauthenticate_webauthn
        mfa_activate_totp mfa_deactivate_totp
        mfa_view_recovery_codes mfa_generate_recovery_codes mfa_download_recovery_codes
        mfa_add_webauthn mfa_edit_webauthn mfa_remove_webauthn
        desk readerstudy:studies evaluation:power
        evaluation:api tokens token_revoke
        api:studies
    """),
    (STUDY_ADMIN, """
        generation:cohorts generation:cohort_new generation:dry_run generation:cohort generation:cohort_extract
        generation:cohort_stop generation:extraction_stop generation:cohort_qc generation:cohort_qc_sheet
        generation:cohort_table1_csv
        generation:patch_sets generation:training_compare generation:training_sheets generation:sampling_stop
        evaluation:metric_runs
        generation:dry_run_stop generation:extraction_resume generation:extraction_discard generation:cohort_regions
        generation:cohort_regions_decide generation:cohort_region_sheet
        generation:training_runs generation:training_new generation:training_run generation:training_stop
        generation:training_resume generation:training_delete generation:training_sample generation:training_state
        generation:training_grid
        generation:patch_import_new generation:patch_import generation:patch_import_preview
        generation:patch_import_stop generation:patch_import_discard
        readerstudy:pools readerstudy:pool readerstudy:pool_patch readerstudy:study_new
        readerstudy:pool_nearest readerstudy:pool_exclude readerstudy:pool_restore readerstudy:pool_delete
        readerstudy:pool_neighbours readerstudy:pool_neighbours_stop
        evaluation:generators evaluation:table2_csv evaluation:metric_run evaluation:metric_run_stop
        evaluation:metrics_json evaluation:memorisation_pair evaluation:compare evaluation:detection
        evaluation:curves evaluation:curve evaluation:curve_stop
        api:cohorts api:cohort_import api:cohort api:cohort_stop api:cohort_extract
        api:patch_sets api:patch_set api:patch_set_stop
        api:training_runs api:training_start api:training_run api:training_delete api:training_stop
        api:training_resume api:checkpoints api:checkpoint api:checkpoint_sample
        api:pools api:pool_make api:pool api:study_make api:look_begin api:look api:look_stop
        api:metric_runs api:metric_run_start api:metric_run api:metric_run_stop
    """),
    (ADMINISTRATOR, """
        readerstudy:accounts readerstudy:account_new readerstudy:account_of readerstudy:account_kind
        readerstudy:account_link readerstudy:account_deactivate readerstudy:account_activate
        readerstudy:account_reset_mfa readerstudy:instance_audit
        admin:
    """),
    (MEMBER, """
        readerstudy:study readerstudy:study_preview readerstudy:study_preview_panel readerstudy:study_preview_data
        readerstudy:study_preview_picture readerstudy:study_verify readerstudy:study_audit readerstudy:study_people
        api:study api:study_verify api:study_audit
    """),
    (OWNER, """
        readerstudy:study_revise readerstudy:study_freeze readerstudy:study_open readerstudy:study_close
        readerstudy:study_amend readerstudy:study_unblind readerstudy:study_end readerstudy:study_discard
        readerstudy:study_people_grant readerstudy:study_people_withdraw
        api:study_revise api:study_discard api:study_freeze api:study_open api:study_close
    """),
    (INVITER, """
        readerstudy:study_readers readerstudy:invitation_revoke readerstudy:invitation_new_link
        readerstudy:invitation_list readerstudy:invitation_sheet readerstudy:invitation_sheet_of
        readerstudy:invitation_expiry readerstudy:letters readerstudy:letter_example readerstudy:letters_send
        readerstudy:letters_stop readerstudy:letter_send readerstudy:reader readerstudy:reader_withdraw
        api:invitations api:invitation_make api:invitation_revoke api:invitation_new_link api:progress
    """),
    (ANALYST, """
        readerstudy:trial_csv readerstudy:trial_ndjson
        evaluation:results evaluation:table3_csv evaluation:statistics_json evaluation:analysis_stop evaluation:analyse evaluation:statistics
        evaluation:analysis_file
        evaluation:exports evaluation:everything_zip evaluation:reader_csv evaluation:audit_csv
        evaluation:study_table2_csv evaluation:data_dictionary
        api:result api:result_analyse api:result_stop api:result_statistics api:result_table3 api:result_trials
        api:result_file api:result_table2 api:result_readers api:result_everything
    """),
)

# fmt: on

# Name of a route -> its line. A name that ends with a colon stands for all routes of a namespace.
EXPECTED: Final = {name: line for line, names in _BLOCKS for name in names.split()}

# Arguments of addresses, by the name of the route and of the argument.
EXAMPLES: Final = {
    ("generation:training_grid", "name"): "real",
    ("account_reset_password_from_key", "uidb36"): "1",
    ("account_reset_password_from_key", "key"): "no-such-key",
    ("account_confirm_email", "key"): "no-such-key",
    ("admin:app_list", "app_label"): "readerstudy",
}
