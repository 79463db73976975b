"""The pages of a training: what is shown while it trains, what it asks before it acts, several side by side."""

import pytest
from django.urls import reverse

from generation.core import presets
from generation.jobs import sampling, training
from generation.models import Checkpoint, PatchSet, TrainingRun
from generation.services import generators, training_runs
from readerstudy.models import AuditEvent, Pool
from readerstudy.services import pool_offers
from tests.factories import NOW, make_patch_set, make_pool

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG"


def make_run(name: str = "First", status: str = "running", **fields) -> TrainingRun:
    patch_set = PatchSet.objects.filter(source="real").first() or make_patch_set(n_per_class=2)
    return TrainingRun.objects.create(
        name=name,
        slug=name.lower().replace(" ", "-"),
        patch_set=patch_set,
        preset="dcgan",
        config=presets.preset("dcgan").to_dict(),
        seed=1,
        status=status,
        created_at=NOW,
        **{"n_done": 50, "n_total": 100, "device": "cpu", "images_per_second": 640.0, **fields},
    )


def add_checkpoint(run: TrainingRun, step: int) -> Checkpoint:
    """A row and a picture; no weights."""
    run.grid_path(step).parent.mkdir(parents=True, exist_ok=True)
    run.grid_path(step).write_bytes(PNG)
    run.history_path.write_text("step,discriminator,generator,x\n1,0.7,0.7,0\n2,0.6,0.8,0\n", "ascii")
    return Checkpoint.objects.create(
        run=run, name=f"{run.slug}-{step}", source="dcgan", step=step, path="-", created_at=NOW
    )


def page(client, name: str, *args: object, **query: object) -> str:
    return client.get(reverse(f"generation:{name}", args=args), query).content.decode()


class TestRun:
    def test_what_is_shown_while_it_trains_is_refreshed(self, study_admin):
        run = make_run()
        for step in (10, 20):
            add_checkpoint(run, step)
        text = page(study_admin, "training_run", run.slug)
        live, rest = text.split('<section class="stack" aria-labelledby="sampling">')
        assert 'id="progress" aria-label="Progress" data-refresh="2"' in live
        for shown in ("640 real patches/s", "left", "cpu", "Losses", "Distance over checkpoints", "first-20"):
            assert shown in live
        assert reverse("generation:training_grid", args=[run.slug, 20]) in live
        assert 'name="per_class"' in rest  # a form is never pulled from under somebody's hands

    def test_before_its_first_checkpoint(self, study_admin):
        text = page(study_admin, "training_run", make_run().slug)
        assert "The first sheet appears with the first checkpoint." in text
        assert "Sample a checkpoint" not in text

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            ("queued", "It leaves the queue; it can be resumed later."),
            ("running", "It saves a checkpoint and ends; it can be resumed from there."),
            ("stopping", "Stopping: the step at work is finished and a checkpoint is saved first."),
            ("failed", "No checkpoint was saved, so it begins anew with the same seed."),
        ],
    )
    def test_says_what_each_button_will_do(self, study_admin, status, said):
        assert said in page(study_admin, "training_run", make_run(status=status).slug)

    def test_every_sheet_on_one_page(self, study_admin):
        run = make_run()
        for step in range(1, 13):
            add_checkpoint(run, step)
        first, second = (page(study_admin, "training_sheets", run.slug, page=number) for number in (1, 2))
        assert (first.count("<img"), second.count("<img")) == (10, 2)
        assert first.index("Step 12") < first.index("Step 11")

    def test_sheets_before_the_first_say_when_to_come_back(self, study_admin):
        assert "No checkpoint was saved yet." in page(study_admin, "training_sheets", make_run().slug)


class TestDelete:
    def test_only_after_its_box_is_ticked(self, study_admin):
        run = make_run(status="stopped")
        address = reverse("generation:training_delete", args=[run.slug])
        text = study_admin.post(address, follow=True).content.decode()
        assert "Nothing was changed: tick the box" in text
        assert "Its 0 checkpoints, losses and pictures are deleted for good." in text
        assert TrainingRun.objects.exists()
        study_admin.post(address, {"confirmed": "yes"})
        assert not TrainingRun.objects.exists()

    def test_is_not_offered_where_patches_name_a_checkpoint(self, study_admin):
        run = make_run(status="stopped")
        checkpoint = add_checkpoint(run, 10)
        PatchSet.objects.create(
            name="S", slug="s", source="dcgan", checkpoint=checkpoint, status="finished", created_at=NOW
        )
        text = page(study_admin, "training_run", run.slug)
        assert reverse("generation:training_delete", args=[run.slug]) not in text
        assert "This run stays, because patch sets were sampled from it" in text


class TestSampling:
    @pytest.fixture
    def trained(self) -> TrainingRun:
        run = training_runs.create(
            patch_set=make_patch_set(n_per_class=4),
            preset="dcgan",
            seed=1,
            changes={"n_steps": 1, "width": 4, "batch_size": 3},
            now=NOW,
        )
        training.run(run.pk)
        return TrainingRun.objects.get()

    def test_into_a_pool_in_one_go(self, study_admin, trained):
        study_admin.post(
            reverse("generation:training_sample", args=[trained.slug]),
            {"checkpoint": trained.checkpoints.get().pk, "per_class": 2, "seed": 7, "pool": "DCGAN, first"},
        )
        queued = PatchSet.objects.get(source="dcgan")
        assert "DCGAN, first, when it is drawn" in page(study_admin, "training_run", trained.slug)
        sampling.run(queued.pk)
        pool = Pool.objects.get()
        assert (pool.name, pool.patch_set_id, pool.patch_set.n_patches) == ("DCGAN, first", queued.pk, 6)
        assert AuditEvent.objects.get(verb="pool.created").actor == "Ada Admin"
        assert reverse("readerstudy:pool", args=[pool.slug]) in page(
            study_admin, "training_run", trained.slug
        )

    def test_without_a_name_no_pool_is_made(self, trained):
        queued = generators.queue_sampling(
            checkpoint=trained.checkpoints.get(), n_per_class={"benign": 1}, seed=1, now=NOW
        )
        sampling.run(queued.pk)
        assert not Pool.objects.exists()

    def test_a_pool_that_cannot_be_made_does_not_harm_what_was_drawn(self, trained, settings):
        settings.AFTER_SAMPLING = "readerstudy.no_such.thing"
        queued = generators.queue_sampling(
            checkpoint=trained.checkpoints.get(), n_per_class={"benign": 1}, seed=1, pool="P", now=NOW
        )
        sampling.run(queued.pk)
        queued.refresh_from_db()
        assert (queued.status, queued.error) == ("finished", "")

    def test_name_that_no_address_can_be_made_of_is_refused_at_once(self, study_admin, trained):
        answer = study_admin.post(
            reverse("generation:training_sample", args=[trained.slug]),
            {"checkpoint": trained.checkpoints.get().pk, "per_class": 2, "seed": 7, "pool": "!?"},
        )
        assert answer.status_code == 422
        assert "Pool name &quot;!?&quot; cannot be used" in answer.content.decode()
        assert not PatchSet.objects.filter(source="dcgan").exists()


class TestOffer:
    def test_name_that_is_taken_gets_a_number_and_nothing_is_offered_twice(self):
        taken = make_pool("dcgan", n_per_class=1)
        patch_set = make_patch_set("wgan", n_per_class=1)
        PatchSet.objects.filter(pk=patch_set.pk).update(options={"pool": taken.name, "asked_by": "Ada"})
        for _ in range(2):
            pool_offers.follow(patch_set.pk)
        assert [pool.name for pool in patch_set.pools.all()] == [f"{taken.name} 2"]


class TestStopSampling:
    def test_stops_and_says_so_when_it_is_over(self, study_admin):
        run = make_run(status="finished")
        checkpoint = add_checkpoint(run, 10)
        row = PatchSet.objects.create(
            name="S", slug="s", source="dcgan", checkpoint=checkpoint, status="running", created_at=NOW
        )
        assert 'id="sampled" aria-labelledby="sampled-heading" data-refresh="2"' in page(
            study_admin, "training_run", run.slug
        )
        address = reverse("generation:sampling_stop", args=[run.slug, row.slug])
        study_admin.post(address)
        row.refresh_from_db()
        assert row.status == "stopping"
        PatchSet.objects.update(status="finished")
        assert (
            "was already finished; nothing was changed."
            in study_admin.post(address, follow=True).content.decode()
        )


class TestCompare:
    def test_recipes_losses_and_sheets_side_by_side(self, study_admin):
        first, second = make_run(), make_run("Second")
        TrainingRun.objects.filter(pk=second.pk).update(seed=2)
        add_checkpoint(first, 10)
        text = page(study_admin, "training_compare", run=[first.slug, second.slug, "gone"])
        assert '<tr class="differing"><th scope="row">Seed</th><td>1</td><td>2</td></tr>' in text
        assert '<tr><th scope="row">Recipe</th><td>dcgan</td><td>dcgan</td></tr>' in text
        assert text.count('class="chart"') == 1
        assert text.count('class="panel-sheet"') == 1
        assert "1 of the chosen runs is not shown" in text
        assert 'data-refresh="5"' in text

    def test_no_more_than_fit(self, study_admin):
        runs = [make_run(f"R {number}").slug for number in range(6)]
        answer = study_admin.get(reverse("generation:training_compare"), {"run": runs})
        assert answer.context["chosen"] == runs[:4]

    def test_nothing_chosen_or_nothing_there(self, study_admin):
        assert "Start two trainings" in page(study_admin, "training_compare")
        make_run()
        assert "Choose runs" in page(study_admin, "training_compare", run="\x00")
