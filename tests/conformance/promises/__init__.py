"""The promises, one file a stage, in the order of `judging.STAGES`."""
