"""One torch thread: two in one process are slower on small networks, and results then depend on their number."""

import torch

torch.set_num_threads(1)
