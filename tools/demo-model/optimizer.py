"""Muon for the matrices of the transformer blocks (Jordan et al., 2024), AdamW for everything else."""

import torch

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic Newton-Schulz iteration


def orthogonalised(matrices, steps=4):
    """The nearest semi-orthogonal matrices, roughly, of a stack [n, rows, columns]."""
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Steps of twice the size that AdamW's have (root mean square 0.4), so that both share a learning rate."""

    def __init__(self, parameters, lr, momentum=0.95, weight_decay=0.05):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            stacks = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    stacks.setdefault(tuple(parameter.shape), []).append(parameter)
            for shape, parameters in stacks.items():
                updates = []
                for parameter in parameters:
                    state = self.state[parameter]
                    if not state:
                        state["momentum"] = torch.zeros_like(parameter)
                    state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                    updates.append(parameter.grad.lerp(state["momentum"], group["momentum"]))
                rate = group["lr"] * 0.4 * max(shape) ** 0.5
                for parameter, update in zip(parameters, orthogonalised(torch.stack(updates))):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-rate)


def optimizers(modules, lr):
    """Both, over all parameters of the modules."""
    matrices, tables, vectors = [], [], []
    for name, parameter in torch.nn.ModuleList(modules).named_parameters():
        if parameter.dim() == 2 and ".layers." in name:
            matrices.append(parameter)
        else:
            (tables if parameter.dim() >= 2 else vectors).append(parameter)
    adam = torch.optim.AdamW(
        [{"params": tables, "weight_decay": 0.02}, {"params": vectors, "weight_decay": 0.0}],
        lr=lr,
        betas=(0.9, 0.98),
        fused=True,
    )
    return [Muon(matrices, lr), adam]
