"""URLs of pools and studies, below /desk/."""

from django.urls import path

from readerstudy.views import invitations, pools, preview, studies, verification

app_name = "readerstudy"
urlpatterns = [
    path("pools/", pools.pools, name="pools"),
    path("pools/<slug:slug>/", pools.pool, name="pool"),
    path("pools/<slug:slug>/<int:index>.png", pools.patch, name="pool_patch"),
    path("studies/", studies.studies, name="studies"),
    path("studies/new/", studies.new, name="study_new"),
    path("studies/<slug:slug>/", studies.study, name="study"),
    path("studies/<slug:slug>/revise/", studies.revise, name="study_revise"),
    path("studies/<slug:slug>/freeze/", studies.freeze, name="study_freeze"),
    path("studies/<slug:slug>/open/", studies.open_to_readers, name="study_open"),
    path("studies/<slug:slug>/close/", studies.close, name="study_close"),
    path("studies/<slug:slug>/preview/", preview.show, name="study_preview"),
    path("studies/<slug:slug>/preview/<int:number>/", preview.show, name="study_preview_panel"),
    path("studies/<slug:slug>/preview/<int:number>.bin", preview.data, name="study_preview_data"),
    path("studies/<slug:slug>/preview/<int:number>.png", preview.picture, name="study_preview_picture"),
    path("studies/<slug:slug>/verify/", verification.verify, name="study_verify"),
    path("studies/<slug:slug>/audit/", studies.audit, name="study_audit"),
    path("studies/<slug:slug>/trials.csv", studies.trial_csv, name="trial_csv"),
    path("studies/<slug:slug>/readers/", invitations.readers, name="study_readers"),
    path(
        "studies/<slug:slug>/readers/<slug:pseudonym>/revoke/", invitations.revoke, name="invitation_revoke"
    ),
    path(
        "studies/<slug:slug>/readers/<slug:pseudonym>/new-link/",
        invitations.replace_link,
        name="invitation_new_link",
    ),
]
