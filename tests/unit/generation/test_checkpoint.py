import json
from pathlib import Path

import pytest
import torch

from generation.core import checkpoint, training
from generation.core.errors import InputError
from tests.unit.generation.test_training import CPU, make_config, make_data, run


@pytest.fixture
def state() -> training.TrainingState:
    data = make_data()
    state = training.begin(make_config(), classes=data.classes, seed=7, device=CPU)
    run(state, data, stop_at=1)
    return state


def test_checkpoint_holds_the_files_of_the_format(state: training.TrainingState, tmp_path: Path) -> None:
    checkpoint.save(state, tmp_path / "c")
    names = {"generator.safetensors", "discriminator.safetensors", "optimizer.safetensors", "state.json"}
    assert {path.name for path in (tmp_path / "c").iterdir()} == names
    assert list(tmp_path.iterdir()) == [tmp_path / "c"]  # no draft is left


def test_stored_generator_is_the_average(state: training.TrainingState, tmp_path: Path) -> None:
    checkpoint.save(state, tmp_path / "c")
    stored = checkpoint.load_generator(tmp_path / "c")
    assert state.average is not None
    assert torch.equal(stored.generator.output.weight, state.average.output.weight)
    assert (stored.step, stored.classes, stored.config) == (1, (0, 1, 2), state.config)


def test_exported_generator_samples_but_does_not_train(state: training.TrainingState, tmp_path: Path) -> None:
    checkpoint.save_generator(state, tmp_path / "g")
    assert torch.equal(
        checkpoint.load_generator(tmp_path / "g").generator.output.weight,
        state.sampled_generator.output.weight,
    )
    with pytest.raises(
        InputError, match=r"g holds a generator only; it can be sampled but not trained further."
    ):
        checkpoint.load(tmp_path / "g", device=CPU)


@pytest.mark.parametrize(
    "name", ["generator.safetensors", "discriminator.safetensors", "optimizer.safetensors"]
)
def test_one_flipped_byte_is_refused(state: training.TrainingState, tmp_path: Path, name: str) -> None:
    checkpoint.save(state, tmp_path / "c")
    path = tmp_path / "c" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{name} is damaged: its SHA-256 is not the one in state.json"):
        checkpoint.load(tmp_path / "c", device=CPU)


@pytest.mark.parametrize(("before", "after"), [('"step": 1,', '"step": 2,'), ('"seed": 7', '"seed": 8')])
def test_changed_facts_are_refused(
    state: training.TrainingState, tmp_path: Path, before: str, after: str
) -> None:
    checkpoint.save(state, tmp_path / "c")
    path = tmp_path / "c" / "state.json"
    text = path.read_text()
    assert text.count(before) == 1
    path.write_text(text.replace(before, after))
    with pytest.raises(InputError, match=r"state\.json is damaged: its own SHA-256 does not fit"):
        checkpoint.load(tmp_path / "c", device=CPU)


def test_checkpoint_from_before_the_later_recipes_goes_on(
    state: training.TrainingState, tmp_path: Path
) -> None:
    checkpoint.save(state, tmp_path / "c")
    path = tmp_path / "c" / "state.json"
    facts = json.loads(path.read_text())
    added = ("warmup_n_critic", "gradient_penalty", "r1_gamma", "r2_gamma", "discriminator_norm")
    facts["config"] = {name: value for name, value in facts["config"].items() if name not in added}
    del facts[checkpoint.SEAL], facts["critic_losses"]
    path.write_text(json.dumps(facts))
    loaded = checkpoint.load(tmp_path / "c", device=CPU)
    assert (loaded.config, loaded.critic_losses) == (state.config, [])


def test_draft_of_a_killed_writer_is_cleared(state: training.TrainingState, tmp_path: Path) -> None:
    (tmp_path / ".c.1234567.part").mkdir()
    checkpoint.save(state, tmp_path / "c")
    assert list(tmp_path.iterdir()) == [tmp_path / "c"]


def test_missing_file_is_refused(state: training.TrainingState, tmp_path: Path) -> None:
    checkpoint.save(state, tmp_path / "c")
    (tmp_path / "c" / "optimizer.safetensors").unlink()
    with pytest.raises(InputError, match=r"optimizer\.safetensors is missing; use the checkpoint before it"):
        checkpoint.load(tmp_path / "c", device=CPU)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format_version": 99}', '{"format_version": 1}'])
def test_damaged_state_is_refused_with_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(InputError):
        checkpoint.load_generator(tmp_path)


def test_hash_list_cannot_point_outside_the_folder(state: training.TrainingState, tmp_path: Path) -> None:
    checkpoint.save(state, tmp_path / "c")
    path = tmp_path / "c" / "state.json"
    facts = json.loads(path.read_text())
    facts["sha256"]["../secret"] = "0" * 64
    del facts[checkpoint.SEAL]  # as a checkpoint of old
    path.write_text(json.dumps(facts))
    with pytest.raises(InputError, match="is missing"):
        checkpoint.verify(tmp_path / "c")


def test_failed_save_leaves_the_old_checkpoint(
    state: training.TrainingState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(state, tmp_path / "c")
    before = checkpoint.verify(tmp_path / "c")["sha256"]

    def full_disk(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full_disk)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(state, tmp_path / "c")
    assert checkpoint.verify(tmp_path / "c")["sha256"] == before
    assert list(tmp_path.iterdir()) == [tmp_path / "c"]
