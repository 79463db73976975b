"""Pages of results and generators, below /desk/."""

from django.urls import path

from evaluation.views import generators, results

app_name = "evaluation"

urlpatterns = [
    path("studies/<slug:slug>/results/", results.show, name="results"),
    path("studies/<slug:slug>/results/table3.csv", results.table3_csv, name="table3_csv"),
    path("studies/<slug:slug>/results/statistics.json", results.statistics_json, name="statistics_json"),
    path("generators/", generators.show, name="generators"),
    path("generators/table2.csv", generators.table2_csv, name="table2_csv"),
    path("generators/runs/<int:pk>/stop/", generators.stop, name="metric_run_stop"),
]
