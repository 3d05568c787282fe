"""Whether inputs, errors or published bands have left what they were."""
