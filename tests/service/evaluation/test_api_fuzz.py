"""Schemathesis over the whole JSON interface: whatever is sent, the answer is one that the document names, never a fault.

`API_FUZZ_EXAMPLES=2000 pytest tests/service/evaluation/test_api_fuzz.py` sends so many requests to each address.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from evaluation.core.extractor_names import DEFAULT
from evaluation.models import MetricRun
from generation.models import Checkpoint, Cohort, TrainingRun
from readerstudy.wsgi import application
from tests.factories import NOW, make_invitation, make_patch_set, make_pool, make_study
from tests.tokens import Script

N_EXAMPLES = int(os.environ.get("API_FUZZ_EXAMPLES", "2"))
N_TO_SHRINK = 50
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
)


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """A request of the server's own kind would close the connection that holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(db, _one_connection, settings) -> dict[str, Any]:
    """One row of each kind, and the token of an administrator."""
    settings.API_REQUESTS_PER_MINUTE = 10**9
    script = Script(User.objects.create_superuser("Ada Admin"))
    study = make_study("draft")
    make_invitation(study)
    real, fake = make_patch_set(n_per_class=2), make_patch_set("dcgan", n_per_class=2)
    cohort = Cohort.objects.create(name="C", slug="c", status=Cohort.Status.FINISHED, created_at=NOW)
    config = {"source": "dcgan", "batch_size": 4}
    run = TrainingRun.objects.create(
        name="R", slug="r", patch_set=real, preset="dcgan", config=config, seed=1, created_at=NOW
    )
    checkpoint = Checkpoint.objects.create(
        run=run, name="r-1", source="dcgan", step=1, path="nowhere", created_at=NOW
    )
    metric_run = MetricRun.objects.create(
        real_set=real, fake_set=fake, extractor=DEFAULT, n_draws=1, n_per_set=2, seed=1, created_at=NOW
    )
    return {
        "script": script,
        "cohorts": cohort.slug,
        "patch-sets": fake.slug,
        "training-runs": run.slug,
        "checkpoints": checkpoint.pk,
        "metric-runs": metric_run.pk,
        "pools": make_pool(n_per_class=1).slug,
        "studies": study.slug,
    }


def send_to(operation: APIOperation, mode: GenerationMode, world: dict[str, Any]) -> None:
    """Send so many requests that the document allows, or that it does not, and judge every answer."""
    kind = operation.path.removeprefix("/api/v1/").split("/")[0]

    @settings(
        max_examples=N_EXAMPLES,
        phases=[Phase.generate] if N_EXAMPLES < N_TO_SHRINK else list(Phase),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def sent(case) -> None:
        if mode is GenerationMode.POSITIVE or operation.body:
            known = {"slug": world.get(kind), "pk": world.get(kind), "reader": "R01"}
            case.path_parameters.update(
                {name: known.get(name, value) for name, value in case.path_parameters.items()}
            )
        case.call_and_validate(headers=world["script"].headers, checks=CHECKS)

    try:
        sent()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing can be wrong where nothing is sent


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_one_of_those_named(mode, world):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    failed = []
    for found in schema.get_all_operations():
        savepoint = transaction.savepoint()
        try:
            send_to(found.ok(), mode, world)
        except (Exception, BaseExceptionGroup) as error:  # so that all that fail are seen at once
            failed.append(f"{found.ok().label}: {error}")
        transaction.savepoint_rollback(savepoint)
    assert not failed, "\n\n".join(failed)
