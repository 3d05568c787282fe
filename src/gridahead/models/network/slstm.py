"""The scalar cell of the xLSTM: an LSTM whose input gate is exponential, so that it can still decide otherwise.

Source: Beck et al. (2024), "xLSTM: extended long short-term memory", section 2.2 and appendix A.2. One head: every unit
hears all the others, as in an LSTM of the same width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from gridahead.models.network.open_cell import OpenCell


class SLSTM(OpenCell):
    """The state is (h, c / n, log n): hidden values, the memory in units of its normaliser, and the normaliser's log.

    The source keeps c and n, which grow exponentially, and divides both by a stabiliser exp(m) that stays just above
    them; its output o ⊙ c / n is the same for every m. Here the quotient itself is kept. It is a mean of all that was
    written, weighted by the gates, so it stays between −1 and 1, and the log of the weights cannot overflow:

        log n(t) = logaddexp(log f(t) + log n(t−1), i(t)),    share(t) = exp(i(t) − log n(t))
        c/n (t)  = (1 − share(t)) ⊙ c/n (t−1) + share(t) ⊙ tanh(z(t))
    """

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__(features, hidden, width=4 * hidden, state=3 * hidden)
        self.recurrence = nn.Linear(hidden, 4 * hidden, bias=False)
        with torch.no_grad():
            for gate in self.recurrence.weight.chunk(4):
                nn.init.orthogonal_(gate)
            self.entry.bias[hidden : 2 * hidden].fill_(1.0)  # gates stand in the order input, forget, memory, output

    def nothing(self, entered: Tensor) -> Tensor:
        """Nothing shown, nothing in the memory, and no weight on it: its log is −∞, so the first step writes it all."""
        state = super().nothing(entered)
        state[:, 2 * self.hidden_size :] = -torch.inf
        return state

    def run(self, entered: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (N, T, hidden) and the last state (N, 3 × hidden)."""
        hidden, memory, weight = state.chunk(3, dim=-1)
        outputs = []
        for given in entered.unbind(1):
            write, forget, new, show = (given + self.recurrence(hidden)).chunk(4, dim=-1)
            weight = torch.logaddexp(weight + logsigmoid(forget), write)
            memory = torch.lerp(memory, new.tanh(), (write - weight).exp())
            hidden = show.sigmoid() * memory
            outputs.append(hidden)
        return torch.stack(outputs, dim=1), torch.cat([hidden, memory, weight], dim=-1)

    def kept(self, entered: Tensor, before: Tensor) -> Tensor:
        """The weight of the old memory in the new one, (N, T, hidden): both of its gates decide it together."""
        hidden, _, weight = before.chunk(3, dim=-1)
        write, forget, _, _ = (entered + self.recurrence(hidden)).chunk(4, dim=-1)
        share: Tensor = (weight + logsigmoid(forget) - write).sigmoid()
        return share
