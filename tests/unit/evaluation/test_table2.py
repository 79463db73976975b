"""Table 2 as CSV."""

import csv

import numpy as np
import pytest

from evaluation.core import table2
from evaluation.core.draws import plan
from evaluation.core.generator_scores import score
from evaluation.core.table2 import Table2Row


class TestTable2:
    @pytest.mark.parametrize(("extractor", "has_fid"), [("inception", True), ("efficientnet-lite0", False)])
    def test_fid_columns_only_for_inception(self, extractor: str, has_fid: bool) -> None:
        rng = np.random.default_rng(5)
        made = plan(n_real=30, n_fake=40, n_draws=3, n_per_set=20, rng=rng)
        found = score(
            rng.standard_normal((30, 4))[made.reals_needed],
            rng.standard_normal((40, 4))[made.fakes_needed],
            made,
        )
        row = Table2Row("benign", "wgan", extractor, found, "reals", "fakes", 5)
        header, line = csv.reader(table2.csv_lines([row]))
        cells = dict(zip(header, line, strict=True))
        assert header[:7] == ["tissue", "source", "fid_mean", "fid_sd", "fid_floor", "knn_real", "knn_fake"]
        assert bool(cells["fid_mean"]) is bool(cells["fid_floor"]) is has_fid
        assert float(cells["frechet_mean"]) == pytest.approx(found.distance_mean, rel=1e-5)
        assert (cells["extractor"], cells["n_draws"], cells["n_per_set"]) == (extractor, "3", "20")
