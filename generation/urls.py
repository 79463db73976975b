"""Desk pages of cohorts and training runs."""

from django.urls import path, re_path

from generation.views import cohort_regions, cohorts, patch_imports, patch_sets, training, training_comparison

app_name = "generation"

urlpatterns = [
    path("cohorts/", cohorts.cohorts, name="cohorts"),
    path("cohorts/new/", cohorts.new, name="cohort_new"),
    path("cohorts/new/looks/<int:pk>/", cohorts.dry_run, name="dry_run"),
    path("cohorts/new/looks/<int:pk>/stop/", cohorts.stop_dry_run, name="dry_run_stop"),
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
    path(
        "cohorts/<slug:slug>/patch-sets/<slug:patch_set>/resume/",
        cohorts.resume_extraction,
        name="extraction_resume",
    ),
    path(
        "cohorts/<slug:slug>/patch-sets/<slug:patch_set>/discard/",
        cohorts.discard_extraction,
        name="extraction_discard",
    ),
    path("cohorts/<slug:slug>/regions/", cohort_regions.regions, name="cohort_regions"),
    path("cohorts/<slug:slug>/regions/decide/", cohort_regions.decide, name="cohort_regions_decide"),
    path(
        "cohorts/<slug:slug>/regions/<slug:pseudonym>.jpg", cohort_regions.sheet, name="cohort_region_sheet"
    ),
    path("cohorts/<slug:slug>/table1.csv", cohorts.table1_csv, name="cohort_table1_csv"),
    path("patch-imports/new/", patch_imports.new, name="patch_import_new"),
    path("patch-imports/<int:pk>/", patch_imports.show, name="patch_import"),
    path("patch-imports/<int:pk>/<int:number>.png", patch_imports.preview, name="patch_import_preview"),
    path("patch-imports/<int:pk>/stop/", patch_imports.stop, name="patch_import_stop"),
    path("patch-imports/<int:pk>/discard/", patch_imports.discard, name="patch_import_discard"),
    path("patch-sets/", patch_sets.patch_sets, name="patch_sets"),
    path("training/", training.runs, name="training_runs"),
    path("training/compare/", training_comparison.compare, name="training_compare"),
    path("training/new/", training.new, name="training_new"),
    path("training/<slug:slug>/", training.run, name="training_run"),
    path("training/<slug:slug>/stop/", training.stop, name="training_stop"),
    path("training/<slug:slug>/resume/", training.resume, name="training_resume"),
    path("training/<slug:slug>/delete/", training.delete, name="training_delete"),
    path("training/<slug:slug>/sample/", training.sample, name="training_sample"),
    path("training/<slug:slug>/sheets/", training.sheets, name="training_sheets"),
    path(
        "training/<slug:slug>/patch-sets/<slug:patch_set>/stop/",
        training.stop_sampling,
        name="sampling_stop",
    ),
    path("training/<slug:slug>/state.json", training.run_state, name="training_state"),
    re_path(
        r"^training/(?P<slug>[-\w]+)/grids/(?P<name>real|\d{1,12})\.png$",
        training.sample_grid,
        name="training_grid",
    ),
]
