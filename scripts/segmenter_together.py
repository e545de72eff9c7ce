"""Several processes that train one net: each on samples of its own, with the mean of all gradients in every step.

Started by torchrun, which says through the environment who is who; without it there is one process, and nothing here
does anything. On CPUs that others use as well, two processes of one thread are much faster than one of two threads:
threads wait for each other in every layer, processes once in a step.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import distributed, nn

from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Together:
    """``rank`` of ``count`` processes; 0 measures, writes and speaks."""

    rank: int = 0
    count: int = 1

    @classmethod
    def joined(cls, device: str) -> Together:
        """Meet the others, if torchrun started any. Raises ConfigError for an environment that makes no sense."""
        try:
            rank, count = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        except ValueError as e:
            raise ConfigError(f"RANK and WORLD_SIZE must be numbers ({e}); start it with torchrun") from e
        if device.startswith("cuda"):
            torch.cuda.set_device(device)
        if count > 1:
            distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo", rank=rank, world_size=count)
        return cls(rank, count)

    @property
    def first(self) -> bool:
        """Whether this process measures, writes and speaks."""
        return self.rank == 0

    def mean_gradients(self, net: nn.Module) -> None:
        """Give all processes the mean of their gradients; they must have the same weights, and then keep them so."""
        if self.count == 1:
            return
        gradients = [each.grad for each in net.parameters() if each.grad is not None]
        flat = torch.cat([each.reshape(-1) for each in gradients])  # one message a step, not hundreds
        distributed.all_reduce(flat)
        flat /= self.count
        for gradient, mean in zip(gradients, torch.split(flat, [each.numel() for each in gradients]), strict=True):
            gradient.copy_(mean.view(gradient.shape))

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            distributed.barrier()

    def leave(self) -> None:
        """At the end of everything."""
        if self.count > 1:
            distributed.destroy_process_group()


ALONE = Together()
