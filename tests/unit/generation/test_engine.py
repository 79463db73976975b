"""Where the patches of a training are and how its steps are done; all but the recording itself runs on a CPU too."""

import numpy as np
import pytest
import torch

from generation.core import batches, device_frames, frames, presets, training
from generation.core.augmentation import draw_moves, move_by_crop, move_by_selection
from generation.core.batches import MappedBatches, Placement, ResidentBatches, StreamedBatches
from generation.core.engine import engine_of, is_recorded
from generation.core.graph_steps import GraphSteps
from generation.core.steps import EagerSteps
from generation.core.training_patches import ClassIndex
from tests.unit.generation.test_training import CPU, assert_same_weights, make_config, make_data, run

GIB = 1 << 30
ROWS = np.array([0, 3, 4, 8, 11, 12, 20, 29])
NEEDS_CUDA = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="torch finds no CUDA device on this machine"
)


def make_split_data() -> training.TrainingPatches:
    whole = make_data()
    return training.TrainingPatches(whole.patches, whole.labels, ROWS)


def begin(preset: str = "dcgan", **changes: object) -> training.TrainingState:
    return training.begin(make_config(preset, **changes), classes=(0, 1, 2), seed=7, device=CPU)


class TestPlacement:
    @pytest.mark.parametrize(
        ("n_bytes", "free_bytes", "expected"),
        [
            pytest.param(23 * GIB, None, Placement.MAPPED, id="CPU"),
            pytest.param(23 * GIB, 79 * GIB, Placement.RESIDENT, id="the paper's patches on 80 GB"),
            pytest.param(23 * GIB, 27 * GIB, Placement.RESIDENT, id="just fits"),
            pytest.param(23 * GIB, 27 * GIB - 1, Placement.STREAMED, id="a byte short"),
            pytest.param(23 * GIB, 11 * GIB, Placement.STREAMED, id="small device"),
        ],
    )
    def test_follows_from_two_sizes(self, n_bytes: int, free_bytes: int | None, expected: Placement) -> None:
        assert batches.placement(n_bytes, free_bytes) is expected

    def test_only_training_patches_count(self) -> None:
        assert make_split_data().n_bytes == len(ROWS) * 7 * 64 * 64 * 2

    def test_steps_are_recorded_on_cuda_by_one_process(self) -> None:
        cases = [("cuda", 1, True), ("cuda", 1, False), ("cuda", 2, True), ("cpu", 1, True)]
        assert [is_recorded(kind, n, wanted=w) for kind, n, w in cases] == [True, False, False, False]

    @pytest.mark.parametrize(
        ("free_bytes", "words"),
        [
            (None, "patches read from the file"),
            (5 * GIB, "patches on the device"),
            (0, "patches streamed from the file"),
        ],
    )
    def test_engine_says_what_it_does(self, free_bytes: int | None, words: str) -> None:
        engine = engine_of(begin(), make_data(), free_bytes=free_bytes)
        assert engine.words == words
        engine.close()


class TestScaling:
    def test_is_that_of_frames_bit_for_bit(self) -> None:
        stored = make_data().patches
        expected = frames.to_network(stored)
        scaled = device_frames.to_network(torch.from_numpy(stored))
        assert scaled.is_contiguous(memory_format=torch.channels_last)
        assert (scaled.numpy() == expected).all()

    def test_rounding_back_is_that_of_frames(self) -> None:
        outputs = torch.randn(6, 7, 64, 64, generator=torch.Generator().manual_seed(3))
        expected = frames.from_network(outputs.numpy())
        assert (device_frames.from_network(outputs).numpy() == expected).all()
        stored = make_data().patches
        assert (
            device_frames.from_network(device_frames.to_network(torch.from_numpy(stored))).numpy() == stored
        ).all()


def test_moves_by_selection_are_moves_by_crop() -> None:
    rng = torch.Generator().manual_seed(1)
    x = torch.rand(32, 7, 64, 64, generator=rng)
    moves = draw_moves(32, shift_pixels=8, rng=rng)
    results = []
    for move in (move_by_crop, move_by_selection):
        seen = x.clone().requires_grad_(True)
        moved = move(seen, moves)
        moved.square().sum().backward()
        results.append((moved.detach(), seen.grad))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.allclose(
        results[0][1], results[1][1], rtol=1e-6, atol=1e-6
    )  # sums of up to four, in another order


class TestClassIndex:
    @pytest.mark.parametrize("sampling", ["uniform", "shuffle"])
    def test_positions_have_their_class(self, sampling: presets.ClassSampling) -> None:
        data = make_split_data()
        index = ClassIndex.of(data, CPU)
        drawn = index.draw(300, sampling, torch.Generator().manual_seed(0))
        assert set(drawn.tolist()) == set(range(len(ROWS)))
        assert (index.labels[drawn].numpy() == data.trained_labels[drawn.numpy()]).all()

    def test_the_rarest_class_is_drawn_as_often(self) -> None:
        labels = np.array([0] + [2] * 99, np.int64)
        data = training.TrainingPatches(np.zeros((100, 7, 64, 64), np.int16), labels)
        drawn = ClassIndex.of(data, CPU).draw(1000, "uniform", torch.Generator().manual_seed(0))
        assert float((drawn == 0).float().mean()) == pytest.approx(0.5, abs=0.06)  # 4 standard errors


class TestResident:
    @pytest.mark.parametrize("sampling", ["uniform", "shuffle"])
    def test_same_index_stream_and_numbers_as_the_map(self, sampling: str) -> None:
        data = make_split_data()
        states = [begin(class_sampling=sampling) for _ in range(2)]
        mapped, resident = MappedBatches(data), ResidentBatches(data, CPU)
        for _ in range(3):
            (x, y), (x2, y2) = mapped.real(states[0]), resident.real(states[1])
            assert torch.equal(x, x2)
            assert torch.equal(y, y2)

    def test_is_int16_and_holds_training_patches_alone(self) -> None:
        resident = ResidentBatches(make_split_data(), CPU)
        assert resident.patches.dtype == torch.int16
        assert (resident.patches.numpy() == make_data().patches[ROWS]).all()


class TestStreamed:
    def take(self, n: int, state: training.TrainingState) -> list[torch.Tensor]:
        streamed = StreamedBatches(make_split_data(), state)
        found = [streamed.real(state) for _ in range(n)]
        streamed.close()
        index = ClassIndex.of(make_split_data(), CPU)
        first = batches.n_batches_before(state)
        for k, (x, y) in enumerate(found):
            positions = batches.batch_positions(index, state.config, state.seed, first + k).numpy()
            expected = torch.from_numpy(frames.to_network(make_split_data().at(positions)))
            assert torch.equal(x, expected)
            assert torch.equal(y, index.labels[torch.from_numpy(positions)])
        return [x for x, _ in found]

    def test_a_batch_follows_from_seed_and_number(self) -> None:
        whole = self.take(5, begin())
        assert not torch.equal(whole[0], whole[1])
        later = begin()
        later.step = 3  # DCGAN: one batch per step
        for x, expected in zip(self.take(2, later), whole[3:], strict=True):
            assert torch.equal(x, expected)

    @pytest.mark.parametrize(
        ("preset", "expected"), [("dcgan", 3), ("wgan", 15), ("rpgan-r1r2", 6), ("wgan-acb17", 300)]
    )
    def test_batches_drawn_before_a_step(self, preset: str, expected: int) -> None:
        state = begin(preset)
        state.step = 3
        assert batches.n_batches_before(state) == expected
        state.critic_losses = [0.0, 0.0]
        assert batches.n_batches_before(state) == expected + 2

    def test_slots_of_a_recorded_step_hold_the_next_batches(self) -> None:
        state = begin()
        expected = self.take(4, state)
        streamed = StreamedBatches(make_split_data(), state)
        for first in (0, 2):
            streamed.fill(2)
            assert torch.equal(streamed.real(state)[0], expected[first])
            assert torch.equal(streamed.real(state)[0], expected[first + 1])
        streamed.close()

    def test_slots_stay_where_a_recorded_step_reads_them(self) -> None:
        """A step with a head start of the critic is not a recorded one and comes between two that are."""
        state = begin()
        expected = self.take(5, state)
        streamed = StreamedBatches(make_split_data(), state)
        streamed.fill(2)
        patches, y = (slot.data_ptr() for slot in streamed._slots[1])
        streamed.fill(0)
        assert torch.equal(streamed.real(state)[0], expected[2])
        streamed.fill(2)
        assert (patches, y) == tuple(slot.data_ptr() for slot in streamed._slots[1])
        assert torch.equal(streamed.real(state)[0], expected[3])
        assert torch.equal(streamed.real(state)[0], expected[4])
        streamed.close()


class TestGraphSteps:
    """With a record that repeats the operations: everything but CUDA's part of it."""

    def train(self, state: training.TrainingState, source: str, **hooks: object) -> list[training.StepReport]:
        data, reports = make_split_data(), []
        made = {"mapped": MappedBatches, "resident": lambda d: ResidentBatches(d, CPU)}
        drawn = StreamedBatches(data, state) if source == "streamed" else made[source](data)
        steps = GraphSteps(state, drawn, record=lambda body, rng: body)
        values = {"on_step": lambda r: not reports.append(r), "on_checkpoint": lambda s: None, **hooks}
        training.train(state, data, steps=steps, **values)
        drawn.close()
        return reports

    @pytest.mark.parametrize("preset", ["dcgan", "wgan", "rpgan-r1r2"])
    def test_is_the_training_step_by_step(self, preset: str) -> None:
        eager, recorded = (begin(preset, n_steps=14) for _ in range(2))
        expected = run(eager, make_split_data())
        assert self.train(recorded, "resident") == expected
        weights = [state.generator.state_dict() for state in (eager, recorded)]
        assert [n for n in weights[0] if not torch.equal(weights[0][n], weights[1][n])] == []
        assert eager.average is not None
        assert recorded.average is not None
        for ours, theirs in zip(eager.average.parameters(), recorded.average.parameters(), strict=True):
            assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-7)  # its weight is a float32 here

    def test_steps_with_a_head_start_of_the_critic_are_done_one_by_one(self) -> None:
        config = {"n_steps": 30, "warmup_n_critic": 2, "ema_decay": None}  # 25 unlike steps, then 5 alike
        eager, recorded = (begin("wgan-acb17", **config) for _ in range(2))
        run(eager, make_split_data())
        self.train(recorded, "mapped")
        assert_same_weights(eager, recorded)

    def test_streamed_steps_see_the_batches_of_their_numbers(self) -> None:
        states = [begin("wgan", n_steps=8, ema_decay=None) for _ in range(2)]
        data = make_split_data()
        streamed = StreamedBatches(data, states[0])
        training.train(
            states[0],
            data,
            steps=EagerSteps(states[0], streamed),
            on_step=lambda r: True,
            on_checkpoint=lambda s: None,
        )
        streamed.close()
        self.train(states[1], "streamed")
        assert_same_weights(*states)

    def test_checkpoints_and_stops_fall_where_they_should(self) -> None:
        saved: list[int] = []
        state = begin(n_steps=40, checkpoint_every=8)
        reports = self.train(
            state,
            "resident",
            on_step=lambda r: r.step < 20,
            on_checkpoint=lambda s: saved.append(s.step),
        )
        assert reports == []  # a hook of its own
        assert saved == [8, 16, 20]
        assert state.step == 20

    def test_a_loss_that_is_no_number_is_found_at_the_next_look(self) -> None:
        state = begin(n_steps=40)
        seen: list[int] = []

        def on_step(report: training.StepReport) -> bool:
            seen.append(report.step)
            if report.step == 10:
                with torch.no_grad():
                    state.generator.output.bias.fill_(torch.nan)
            return True

        with pytest.raises(
            training.DivergedError, match="diverged at step 11: the loss of the discriminator is nan"
        ):
            self.train(state, "resident", on_step=on_step)
        assert seen == list(range(1, 11))


@NEEDS_CUDA
class TestOnCuda:
    """What a CPU cannot show: that CUDA records the step, and that replays compute what single operations do."""

    DEVICE = torch.device("cuda")

    def train(self, preset: str, *, wants_graph: bool, free_bytes: int) -> training.TrainingState:
        data = make_split_data()
        config = make_config(preset, n_steps=12, checkpoint_every=6)
        state = training.begin(config, classes=data.classes, seed=7, device=self.DEVICE)
        engine = engine_of(state, data, free_bytes=free_bytes, wants_graph=wants_graph)
        training.train(state, data, steps=engine.steps, on_step=lambda r: True, on_checkpoint=lambda s: None)
        engine.close()
        return state

    @pytest.mark.parametrize("free_bytes", [100 * GIB, 0])
    def test_recorded_steps_compute_what_single_operations_do(self, free_bytes: int) -> None:
        for preset in presets.PRESETS:
            if preset == "wgan-acb17":  # its first 25 steps are unlike the recorded one
                continue
            eager, recorded = (
                self.train(preset, wants_graph=wants, free_bytes=free_bytes) for wants in (False, True)
            )
            pairs = zip(eager.generator.parameters(), recorded.generator.parameters(), strict=True)
            for ours, theirs in pairs:  # atomics sum in any order
                assert torch.allclose(ours, theirs, rtol=1e-2, atol=1e-3), preset

    def test_scaling_on_the_device_is_that_of_frames(self) -> None:
        stored = make_data().patches
        scaled = device_frames.to_network(torch.from_numpy(stored).to(self.DEVICE))
        assert (scaled.cpu().numpy() == frames.to_network(stored)).all()
