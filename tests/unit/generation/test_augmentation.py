import torch

from generation.core.augmentation import flip_and_shift


def test_frames_of_a_patch_move_together() -> None:
    rng = torch.Generator().manual_seed(0)
    one = torch.rand(16, 1, 64, 64, generator=rng)
    moved = flip_and_shift(one.expand(-1, 7, -1, -1), shift_pixels=8, rng=rng)
    assert all(torch.equal(moved[:, 0], moved[:, k]) for k in range(7))


def test_no_intensity_is_invented() -> None:
    rng = torch.Generator().manual_seed(1)
    patches = torch.rand(8, 2, 64, 64, generator=rng)
    moved = flip_and_shift(patches, shift_pixels=8, rng=rng)
    for before, after in zip(patches, moved, strict=True):
        assert torch.isin(after, before).all()


def test_same_random_state_moves_alike() -> None:
    patches = torch.rand(8, 7, 64, 64)
    first = flip_and_shift(patches, shift_pixels=5, rng=torch.Generator().manual_seed(2))
    second = flip_and_shift(patches, shift_pixels=5, rng=torch.Generator().manual_seed(2))
    assert torch.equal(first, second)


def test_gradient_reaches_every_visible_pixel() -> None:
    patches = torch.rand(4, 1, 64, 64, requires_grad=True)
    flip_and_shift(patches, shift_pixels=0, rng=torch.Generator().manual_seed(3)).sum().backward()
    assert patches.grad is not None
    assert torch.equal(patches.grad, torch.ones_like(patches))
