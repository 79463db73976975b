"""Pages of results and generators, below /desk/."""

from django.urls import path

from evaluation.views import curves, exports, generator_details, generators, power, results
from evaluation.views.api import documents

app_name = "evaluation"

urlpatterns = [
    path("studies/<slug:slug>/results/", results.show, name="results"),
    path("studies/<slug:slug>/results/table3.csv", results.table3_csv, name="table3_csv"),
    path("studies/<slug:slug>/results/statistics.json", results.statistics_json, name="statistics_json"),
    path("studies/<slug:slug>/results/analyse/", results.analyse, name="analyse"),
    path("studies/<slug:slug>/results/stop/", results.stop, name="analysis_stop"),
    path("studies/<slug:slug>/results/statistics/", results.statistics, name="statistics"),
    path("studies/<slug:slug>/results/files/<str:name>", results.file, name="analysis_file"),
    path("studies/<slug:slug>/results/exports/", exports.show, name="exports"),
    path("studies/<slug:slug>/results/everything.zip", exports.everything_zip, name="everything_zip"),
    path("studies/<slug:slug>/results/readers.csv", exports.reader_csv, name="reader_csv"),
    path("studies/<slug:slug>/results/audit.csv", exports.audit_csv, name="audit_csv"),
    path("studies/<slug:slug>/results/table2.csv", exports.table2_csv, name="study_table2_csv"),
    path("studies/<slug:slug>/results/data-dictionary.csv", exports.dictionary, name="data_dictionary"),
    path("power/", power.preview, name="power"),
    path("api/", documents.reference, name="api"),
    path("generators/", generators.show, name="generators"),
    path("generators/table2.csv", generators.table2_csv, name="table2_csv"),
    path("generators/runs/", generators.runs, name="metric_runs"),
    path("generators/runs/<int:pk>/", generator_details.show, name="metric_run"),
    path("generators/runs/<int:pk>/stop/", generators.stop, name="metric_run_stop"),
    path("generators/runs/<int:pk>/metrics.json", generator_details.metrics_json, name="metrics_json"),
    path(
        "generators/runs/<int:pk>/pairs/<slug:tissue>/<int:space>/<int:number>.png",
        generator_details.pair,
        name="memorisation_pair",
    ),
    path("generators/compare/", generator_details.compare, name="compare"),
    path("generators/readers/", generator_details.readers, name="detection"),
    path("generators/checkpoints/", curves.index, name="curves"),
    path("generators/checkpoints/<slug:slug>/", curves.show, name="curve"),
    path("generators/checkpoints/<slug:slug>/stop/", curves.stop, name="curve_stop"),
]
