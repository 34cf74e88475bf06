"""What an account needs before the first job (role, bucket, log groups, budget): made, and taken back."""
