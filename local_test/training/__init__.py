"""Training jobs: a CreateTrainingJob request becomes containers, and their end decides what Describe says."""
