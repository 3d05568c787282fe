"""What a cell of our own offers: its layer as a whole, and every step of it to whoever measures."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class OpenCell(nn.Module, ABC):
    """A recurrent layer whose state is one tensor (N, K); its first values are the outputs, (N, hidden).

    All that depends on the inputs alone is one product over all steps. What remains is handed from step to step, and a
    step is a run over one of them.

    Args:
        features: of a step.
        hidden: width of the outputs.
        width: of what enters a step.
        state: K
    """

    def __init__(self, features: int, hidden: int, *, width: int, state: int) -> None:
        super().__init__()
        self.hidden_size, self.state_size = hidden, state
        self.entry = nn.Linear(features, width)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Outputs (N, T, hidden) and the last state of inputs (N, T, features), begun with a state or with nothing."""
        entered = self.entering(inputs)
        return self.run(entered, self.nothing(entered) if state is None else state)

    def entering(self, inputs: Tensor) -> Tensor:
        """The share of the inputs (N, T, features) in every step, (N, T, width)."""
        entered: Tensor = self.entry(inputs)
        return entered

    def nothing(self, entered: Tensor) -> Tensor:
        """The state before the first step, (N, K)."""
        return entered.new_zeros(len(entered), self.state_size)

    @abstractmethod
    def run(self, entered: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (N, T, hidden) and the last state (N, K), from what enters and the state before."""

    @abstractmethod
    def kept(self, entered: Tensor, before: Tensor) -> Tensor:
        """How much of the state before each step (N, T, K) is kept in it by the unit, or by the head: (N, T, units)."""
