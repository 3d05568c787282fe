"""The network of the wind benchmark that answers for all farms of an hour."""

import torch
from joint_network import JointNetwork

from gridahead.models.network.network import NetworkConfig

N, H, D, FARMS, LEVELS = 4, 13, 5, 3, (0.1, 0.5, 0.9)
CONFIG = NetworkConfig("lstm", 0, D, LEVELS, hidden=8, decoder_hidden=12, decoder="recurrent", bidirectional=True)


def answered(known):
    torch.manual_seed(1)
    network = JointNetwork(CONFIG, FARMS).eval()
    return network(torch.zeros(N, 0, 0), known, torch.zeros(N, 0), torch.full((N,), H))


def test_quantiles_of_every_farm_rise_and_stand_side_by_side():
    known = torch.randn(N, H, D, generator=torch.Generator().manual_seed(2))
    answer = answered(known)
    assert answer.shape == (N, H * FARMS, len(LEVELS))
    assert (answer.diff(dim=-1) > 0).all()
    other = known.clone()
    other[0] += 1
    moved = (answered(other) != answer).any(dim=-1)
    assert moved[0].all()
    assert not moved[1:].any()


def test_its_weights_begin_where_those_of_a_network_of_one_target_do():
    torch.manual_seed(1)
    decoder = JointNetwork(CONFIG, 1).decoder.state_dict()
    torch.manual_seed(1)
    joint = JointNetwork(CONFIG, FARMS)
    assert all(torch.equal(decoder[name], weights) for name, weights in joint.decoder.state_dict().items())
