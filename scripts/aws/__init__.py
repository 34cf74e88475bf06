"""What the verbs ask of AWS."""
