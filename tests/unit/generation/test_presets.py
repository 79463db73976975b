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
        ({"clip_value": -0.01}, "clip_value is -0.01; it must be above 0."),
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
