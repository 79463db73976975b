"""Desk pages of cohorts and training runs."""

from django.urls import path, re_path

from generation.views import cohorts, training

app_name = "generation"

urlpatterns = [
    path("cohorts/", cohorts.cohorts, name="cohorts"),
    path("cohorts/new/", cohorts.new, name="cohort_new"),
    path("cohorts/new/looks/<int:pk>/", cohorts.dry_run, name="dry_run"),
    path("cohorts/<slug:slug>/", cohorts.cohort, name="cohort"),
    path("cohorts/<slug:slug>/extract/", cohorts.extract, name="cohort_extract"),
    path("cohorts/<slug:slug>/stop/", cohorts.stop, name="cohort_stop"),
    path(
        "cohorts/<slug:slug>/patch-sets/<slug:patch_set>/stop/",
        cohorts.stop_extraction,
        name="extraction_stop",
    ),
    path("cohorts/<slug:slug>/patch-sets/<slug:patch_set>/qc/", cohorts.qc, name="cohort_qc"),
    path(
        "cohorts/<slug:slug>/patch-sets/<slug:patch_set>/qc/<slug:pseudonym>.jpg",
        cohorts.qc_sheet,
        name="cohort_qc_sheet",
    ),
    path("cohorts/<slug:slug>/table1.csv", cohorts.table1_csv, name="cohort_table1_csv"),
    path("training/", training.runs, name="training_runs"),
    path("training/new/", training.new, name="training_new"),
    path("training/<slug:slug>/", training.run, name="training_run"),
    path("training/<slug:slug>/stop/", training.stop, name="training_stop"),
    path("training/<slug:slug>/resume/", training.resume, name="training_resume"),
    path("training/<slug:slug>/delete/", training.delete, name="training_delete"),
    path("training/<slug:slug>/sample/", training.sample, name="training_sample"),
    path("training/<slug:slug>/state.json", training.run_state, name="training_state"),
    re_path(
        r"^training/(?P<slug>[-\w]+)/grids/(?P<name>real|\d{1,12})\.png$",
        training.sample_grid,
        name="training_grid",
    ),
]
