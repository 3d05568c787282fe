"""From arrays to forecasts that leave the house: issue and publish."""
