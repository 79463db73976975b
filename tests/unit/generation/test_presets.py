import dataclasses

import pytest

from generation.core import presets
from generation.core.errors import InputError


def test_dcgan_is_radfords_recipe() -> None:
    config = presets.preset("dcgan")
    assert (config.optimizer, config.learning_rate, config.beta1, config.beta2) == ("adam", 2e-4, 0.5, 0.999)
    assert (config.batch_size, config.noise_dim, config.n_critic, config.clip_value) == (64, 100, 1, None)
    assert config.critic_name == "discriminator"


def test_wgan_is_arjovskys_recipe() -> None:
    config = presets.preset("wgan")
    assert (config.optimizer, config.learning_rate, config.clip_value, config.n_critic) == (
        "rmsprop",
        5e-5,
        0.01,
        5,
    )
    assert (config.batch_size, config.loss, config.critic_name) == (64, "wasserstein", "critic")


def test_papers_presets_have_no_aids() -> None:
    for name in ("dcgan", "wgan"):
        config = presets.preset(name)
        assert (config.shift_pixels, config.ema_decay, config.precision, config.width) == (
            0,
            None,
            "fp32",
            64,
        )


def test_configuration_survives_its_dictionary() -> None:
    for config in presets.PRESETS.values():
        assert presets.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_steps": 0}, "n_steps is 0; it must lie between 1 and 1e+07."),
        ({"clip_value": -0.01}, "clip_value is -0.01; it must be above 0 and finite."),
        ({"clip_value": float("nan")}, "clip_value is nan; it must be above 0 and finite."),
        ({"clip_value": float("inf")}, "clip_value is inf; it must be above 0 and finite."),
        ({"ema_decay": 1.0}, "ema_decay is 1.0; it must lie between 0 and 1."),
    ],
)
def test_values_beyond_their_limits_are_refused(change: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        presets.preset("dcgan", **change)
    assert str(caught.value) == sentence


def test_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(InputError, match='Preset "dcgam" is unknown; choose one of dcgan, wgan'):
        presets.preset("dcgam")


def differences(one: str, other: str) -> dict[str, object]:
    """Fields of the second preset that are not as in the first."""
    ours, theirs = (dataclasses.asdict(presets.preset(name)) for name in (one, other))
    return {name: theirs[name] for name in ours if ours[name] != theirs[name] and name != "preset"}


def test_literal_preset_differs_from_the_papers_in_three_readings_only() -> None:
    # Haarburger 2019, section 3.1: y is concatenated "to the noise vector z"; neither balancing nor a split is stated.
    assert differences("dcgan", "dcgan-literal") == {
        "condition_discriminator": False,
        "class_sampling": "shuffle",
        "use_split": False,
    }


def test_acb17_preset_adds_the_head_start_only() -> None:
    assert differences("wgan", "wgan-acb17") == {"warmup_n_critic": 100}


def test_critic_head_start_is_that_of_the_authors_code() -> None:
    config = presets.preset("wgan-acb17")
    # Arjovsky's main.py: 100 if gen_iterations < 25 or gen_iterations % 500 == 0, else 5.
    expected = {0: 100, 24: 100, 25: 5, 499: 5, 500: 100, 501: 5, 1000: 100}
    assert {step: config.n_critic_at(step) for step in expected} == expected
    assert presets.preset("wgan").n_critic_at(0) == 5


@pytest.mark.parametrize("preset", ["wgan", "wgan-acb17"])
@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (0, 1), (0, 30), (3, 20), (24, 501), (25, 500), (499, 1001), (500, 501)]
)
def test_critic_updates_of_many_steps_are_the_sum_of_each(preset: str, first: int, last: int) -> None:
    config = presets.preset(preset)
    one_by_one = sum(config.n_critic_at(step) for step in range(first, last))
    assert config.n_critic_between(first, last) == one_by_one


def test_wgan_gp_is_gulrajanis_recipe() -> None:
    config = presets.preset("wgan-gp")  # arXiv:1704.00028, Algorithm 1 and section 4
    assert (config.optimizer, config.learning_rate, config.beta1, config.beta2) == ("adam", 1e-4, 0.0, 0.9)
    assert (config.gradient_penalty, config.n_critic, config.clip_value) == (10.0, 5, None)
    assert (config.discriminator_norm, config.loss, config.batch_size) == ("layer", "wasserstein", 64)


def test_relativistic_preset_has_both_penalties_and_an_average() -> None:
    config = presets.preset(
        "rpgan-r1r2"
    )  # arXiv:2501.05441, public code, 64x64 faces, start of its schedules
    assert (config.loss, config.r1_gamma, config.r2_gamma) == ("relativistic", 2.0, 2.0)
    assert (config.learning_rate, config.beta1, config.beta2) == (2e-4, 0.0, 0.9)
    assert (config.discriminator_norm, config.ema_decay) == ("none", 0.998)
    assert config.pairs_patches


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_takes_an_average_a_width_a_sampling_and_shifts(name: str) -> None:
    changes = {"ema_decay": 0.99, "width": 16, "class_sampling": "uniform", "shift_pixels": 4}
    config = presets.preset(name, **changes)
    assert {field: getattr(config, field) for field in changes} == changes


def test_penalty_with_batch_norm_is_refused() -> None:
    with pytest.raises(InputError, match="BatchNorm mixes them; set discriminator_norm to layer or none"):
        presets.preset("wgan", gradient_penalty=10.0)


def test_misspelt_choice_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        presets.preset("dcgan", class_sampling="unifrom")
    assert str(caught.value) == 'class_sampling is "unifrom"; write one of uniform, shuffle.'
